/** One state of a progress bar. */
export interface ProgressBar {
  /** What stands before the bar or its percentage, without its colon; empty for a bar without a description. */
  description: string;
  /** Null where the bar tells a percentage alone. */
  step: number | null;
  total: number | null;
  /** 0 to 100. */
  percent: number | null;
  secondsRemaining: number | null;
  /** What follows, such as `loss=2.3, lr=0.001`. */
  postfix: string;
}

/** A description as people see it. */
export function withoutColon(description: string): string {
  return description.trim().replace(/:$/, '').trimEnd();
}
