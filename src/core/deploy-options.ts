/**
 * The deploy options that only one kind of provider understands. They are described once, for the graph (an
 * input type and a field of `DeployJobInput`) and for the command line (its flags).
 */
export interface DeployOptions {
  /** The input type's name in the graph, such as `RunPodOptions`. */
  readonly name: string;
  readonly description: string;
  readonly fields: Readonly<Record<string, DeployOption>>;
}

/** One option. Every option is optional for callers. */
export interface DeployOption {
  readonly type: 'String' | 'Int' | 'Float' | 'Boolean' | 'ID' | 'EnvVar' | DeployChoice;
  /** True where the option takes a list of values. */
  readonly list?: boolean;
  readonly description: string;
  /** How the command line offers it: `--gpu-type <type>` for a field `gpuType` whose value is a `type`. */
  readonly flag?: {
    /** The word for its value in the help text; absent for a Boolean. */
    readonly value?: string;
    readonly help: string;
    /** The smallest Int that is allowed; 1 by default. */
    readonly least?: number;
  };
}

/** A choice among upper-case words. */
export interface DeployChoice {
  /** The enum's name in the graph. */
  readonly name: string;
  readonly description: string;
  /** The words, each with its description. */
  readonly values: Readonly<Record<string, string>>;
}

/**
 * Limits that mean the same for every kind that offers them: the job's driver cancels the job when it reaches
 * one, calculated from the hourly rate that its provider reports. See `src/jobs/money`.
 */
export const limitOptions = {
  budgetUsd: {
    type: 'Float',
    description:
      'The most that the job may cost, in US dollars, above 0. The job is cancelled when the rate that its provider reports has added up to this.',
    flag: { value: 'usd', help: 'cancel the job when it has cost this much' },
  },
  maxHours: {
    type: 'Float',
    description:
      'The most hours that the provider may charge for, above 0. The job is cancelled when they are reached.',
    flag: { value: 'hours', help: 'cancel the job when it has been charged for this long' },
  },
} as const satisfies Record<string, DeployOption>;
