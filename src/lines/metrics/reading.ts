/** A larger number is no step: GraphQL's Int ends not far above. */
export const maxStep = 999_999_999;

/** Where in the training something belongs, as it was printed; null where nothing was. */
export interface Place {
  step: number | null;
  totalSteps: number | null;
  epoch: number | null;
  /** The epoch is one with its fraction, such as 0.0 and 0.03: it counts nothing, not even where it is whole. */
  isFraction?: boolean;
  totalEpochs: number | null;
  /** Steps of this epoch alone, which begin anew with the next one. */
  inEpoch: { step: number; total: number | null } | null;
}

/** What one line tells. */
export interface Reading extends Place {
  /** In the line's order; NaN and infinities too. What is no measure (a step, a clock, a size) is left out. */
  values: Map<string, number>;
  /** The line tells of a validation or a test: its place is not that of the training. */
  evaluation: boolean;
  /** The line announces an epoch, and has nothing else to tell. */
  heading: boolean;
  /** 0 to 100, where the line tells nothing but that. */
  percent: number | null;
  secondsRemaining: number | null;
}

/** A reading that tells nothing yet. */
export function emptyReading(): Reading {
  return {
    step: null,
    totalSteps: null,
    epoch: null,
    totalEpochs: null,
    inEpoch: null,
    values: new Map(),
    evaluation: false,
    heading: false,
    percent: null,
    secondsRemaining: null,
  };
}

/** True for a whole number that may be a step. */
export function isStep(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= maxStep;
}
