import type { LogLines } from './log-lines.ts';

/** Lines that tell of a failure. */
export interface Evidence {
  /** Where it begins, which line says what happened, and where it ends. */
  at: number;
  message: number;
  end: number;
  /** What happened, in one line; null where the log does not say. */
  what: string | null;
  /**
   * `cause`: ends a process. `logged`, `warned`: a traceback that a logger wrote. `error`: a line of level ERROR.
   * `launcher`: says that its child failed. `thread`: ends a thread alone. `ignored`: ends nothing.
   */
  kind: 'cause' | 'logged' | 'warned' | 'error' | 'launcher' | 'thread' | 'ignored';
  /** Follows from a failure elsewhere: a lost connection, a signal, a shell's word on its child. */
  consequence: boolean;
  /** Told by the system or native code, so that it goes with an end by a signal. */
  native: boolean;
}

/** Looks whether lines that tell of a failure begin here. */
export type FailureReader = (lines: LogLines, at: number) => Evidence | null;

/** Evidence of one line and of a cause, unless said otherwise. */
export function evidence(
  at: number,
  what: string | null,
  more: Partial<Omit<Evidence, 'at' | 'what'>> = {},
): Evidence {
  const { message = at, end = message } = more;
  return { kind: 'cause', consequence: false, native: false, ...more, at, what, message, end };
}

/** True for what a process says that has lost others, or was told to end. */
export function isConsequence(what: string): boolean {
  return consequence.test(what);
}

const consequence =
  /DistBackendError|DistNetworkError|DistStoreError|NCCL (?:error|communicator)|ncclUniqueId|[Cc]onnection (?:reset|closed|refused)|[Bb]roken pipe|BrokenPipeError|remote process exited|^EOFError|KeyboardInterrupt|SystemExit|SignalException|CancelledError|exited unexpectedly|Socket Timeout|monitoredBarrier|Watchdog caught/;
