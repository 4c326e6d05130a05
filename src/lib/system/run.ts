import { messageOf } from '../../core/errors.ts';

/** How long closing may take. */
const closeTimeoutMs = 10_000;

/**
 * Opens something and keeps it open until SIGTERM or SIGINT, then closes it and ends the process with
 * 0. A second signal ends the process at once, and so does a close that takes too long. Where opening fails,
 * it prints the reason in one line and ends the process with 1.
 */
export async function runUntilStopped(
  open: () => Promise<{ close(): Promise<void> }>,
): Promise<void> {
  let opened: { close(): Promise<void> } | null = null;
  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (stopping || !opened) process.exit(signal === 'SIGINT' ? 130 : 143);
    stopping = true;
    setTimeout(() => process.exit(1), closeTimeoutMs).unref();
    opened.close().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(`trainyard: the end was not orderly: ${messageOf(error)}`);
        process.exit(1);
      },
    );
  };
  // The listeners come before opening: somebody may stop it as soon as it says that it is ready.
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  try {
    opened = await open();
  } catch (error) {
    console.error(`trainyard: ${explain(error)}`);
    process.exit(1);
  }
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, port, address } = error as NodeJS.ErrnoException & {
    port?: number;
    address?: string;
  };
  if (code === 'EADDRINUSE') {
    return `${address}:${port} is taken by another program: stop that one, or set PORT (TRAINER_PORT for the training server) to a free port.`;
  }
  if (code === 'EACCES' && port !== undefined) {
    return `${address}:${port} may not be used by this user: choose a port above 1023.`;
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return `HOST names an address that this machine does not have (${error.message}).`;
  }
  return error.message;
}
