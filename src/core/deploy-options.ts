/**
 * What only one kind of provider understands of a deploy, described once for the graph (an input type and
 * a field of `DeployJobInput`) and for the command line (its flags).
 */
export interface DeployOptions {
  /** The input type's name in the graph, such as `RunPodOptions`. */
  readonly name: string;
  readonly description: string;
  readonly fields: Readonly<Record<string, DeployOption>>;
}

/** One option. Callers may leave each of them away. */
export interface DeployOption {
  readonly type: 'String' | 'Int' | 'Float' | 'Boolean' | 'ID' | 'EnvVar' | DeployChoice;
  /** Several of them. */
  readonly list?: boolean;
  readonly description: string;
  /** How the command line offers it: `--gpu-type <type>` for a field `gpuType` whose value is a `type`. */
  readonly flag?: {
    /** The word for its value; none for a Boolean. */
    readonly value?: string;
    readonly help: string;
    /** The least that an Int may be: 1 where nothing is said. */
    readonly least?: number;
  };
}

/** One of some upper-case words; its name is that of the enum in the graph. */
export interface DeployChoice {
  readonly name: string;
  readonly description: string;
  readonly values: readonly string[];
}

/**
 * Options that mean the same for every kind which has them: whoever drives a job ends it when they are
 * reached, by the rate that its provider tells. See `src/jobs/money`.
 */
export const limitOptions = {
  budgetUsd: {
    type: 'Float',
    description: 'The job is cancelled when it has cost so much, as far as its rate tells.',
    flag: { value: 'usd', help: 'cancel when it has cost so much' },
  },
  maxHours: {
    type: 'Float',
    description: 'The job is cancelled when its pod has been charged for so long.',
    flag: { value: 'hours', help: 'cancel when it has run so long' },
  },
} as const satisfies Record<string, DeployOption>;
