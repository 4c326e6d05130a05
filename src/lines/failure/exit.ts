/** How a process ended, in words; null where neither its code nor a signal is known. */
export function howItEnded(exitCode: number | null, signal: string | null): string | null {
  if (signal !== null) return `killed by ${signal}${meanings.get(signal) ?? ''}`;
  if (exitCode === null) return null;
  return `exit code ${exitCode}${meanings.get(exitCode) ?? ''}`;
}

// A shell reports the death of its child by signal N as exit code 128 + N.
const meanings = new Map<string | number, string>([
  ['SIGKILL', ' (often: out of memory)'],
  ['SIGSEGV', ' (a crash in native code)'],
  [126, ' (the program cannot be executed)'],
  [127, ' (the program was not found)'],
  [130, ' (SIGINT)'],
  [132, ' (SIGILL)'],
  [134, ' (SIGABRT)'],
  [135, ' (SIGBUS, often: too little shared memory)'],
  [136, ' (SIGFPE)'],
  [137, ' (SIGKILL, often: out of memory)'],
  [139, ' (SIGSEGV, a crash in native code)'],
  [143, ' (SIGTERM)'],
]);
