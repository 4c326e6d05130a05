import type { ServerResponse } from 'node:http';
import type { Unsent } from './unsent.ts';

/** Writes one piece of an answer. Resolves to true when the operating system has taken it, to false when the connection is gone. */
export function sendPiece(
  response: ServerResponse,
  parts: readonly (string | Buffer)[],
  unsent: Unsent,
): Promise<boolean> {
  if (response.destroyed || response.writableEnded) return Promise.resolve(false);
  const bytes = parts.reduce((sum, part) => sum + part.length, 0);
  return new Promise((resolve) => {
    const release = unsent.hold({ bytes, drop: () => response.destroy() });
    const settle = (error?: Error | null) => {
      response.off('close', gone);
      release();
      resolve(!error);
    };
    const gone = () => {
      release();
      resolve(false);
    };
    response.once('close', gone);
    response.cork();
    for (const [index, part] of parts.entries()) {
      if (index === parts.length - 1) response.write(part, settle);
      else response.write(part);
    }
    response.uncork();
  });
}
