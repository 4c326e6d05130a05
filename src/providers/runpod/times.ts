import type { FollowTimes } from './log/follow.ts';

/** How long things may take at RunPod, in milliseconds. */
export interface RunPodTimes extends FollowTimes {
  /** From a call to the answer's headers. */
  headersMs: number;
  /** The same for the call that creates a pod, which takes RunPod longer. */
  createMs: number;
  /** From the headers to the end of the answer. */
  bodyMs: number;
  /** The longest silence in a log stream before it is opened again. */
  silenceMs: number;
  /** A pod that has run for this long without a line is taken to have no log to show. */
  emptyMs: number;
  /** The log of an ended container is given up when it cannot be read for this long, so that its pod can go. */
  drainMs: number;
  /** How long a new pod may take to appear in the list of pods, if the answer to its creation was lost. */
  settleMs: number;
}

/** The times that hold where the options name no others. */
export const usualTimes: RunPodTimes = {
  headersMs: 10_000,
  createMs: 60_000,
  bodyMs: 30_000,
  silenceMs: 45_000,
  quietMs: 5000,
  preparingMs: 2000,
  emptyMs: 120_000,
  drainMs: 600_000,
  settleMs: 5000,
};
