import { exitCode } from './exit.ts';

/** Ctrl-C or SIGTERM while a command follows a job. */
export interface Interruption extends Disposable {
  readonly signal: AbortSignal;
  /** The exit code for the signal that came; null while none has. */
  readonly exitCode: number | null;
}

/** Makes the first Ctrl-C or SIGTERM abort `signal`, until it is disposed of. A second one ends the process at once. */
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
