import { exitCode } from './exit.ts';

/** Ctrl-C and SIGTERM, as long as something is followed. */
export interface Interruption extends Disposable {
  readonly signal: AbortSignal;
  /** Null until it came. */
  readonly exitCode: number | null;
}

/** Turns the first Ctrl-C or SIGTERM into an aborted signal; a second one ends the process at once. */
export function catchInterruption(): Interruption {
  const controller = new AbortController();
  let code: number | null = null;
  const interrupt = (name: NodeJS.Signals) => {
    if (code !== null) process.exit(code);
    code = name === 'SIGINT' ? exitCode.interrupted : exitCode.terminated;
    controller.abort();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  return {
    signal: controller.signal,
    get exitCode() {
      return code;
    },
    [Symbol.dispose]() {
      process.off('SIGINT', interrupt);
      process.off('SIGTERM', interrupt);
    },
  };
}
