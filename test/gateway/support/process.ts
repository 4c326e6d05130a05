import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Where the example lies that these tests run as it is. */
export const exampleFolder = fileURLToPath(new URL('../../../examples/gateway/', import.meta.url));

export interface NodeProcess extends AsyncDisposable {
  /** What it has written so far. */
  readonly output: string;
}

/**
 * Runs a script of the example, and resolves when it has written a line that looks like `ready`, or,
 * without one, when it has ended well. Rejects with its output where it ends otherwise.
 */
export async function runExample(
  script: string,
  options: { args?: string[]; env?: Record<string, string>; ready?: RegExp },
): Promise<NodeProcess> {
  const { args = [], env = {}, ready } = options;
  const child = spawn(process.execPath, [script, ...args], {
    cwd: exampleFolder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit');
  let output = '';
  const said = Promise.withResolvers<void>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on('line', (line) => {
      output += `${line}\n`;
      if (ready?.test(line)) said.resolve();
    });
  }
  const over = ended.then(([code]) => {
    if (ready || code !== 0) throw new Error(`${script} ended with ${code}:\n${output}`);
  });
  await Promise.race([over, said.promise]);
  over.catch(() => {}); // from here on it ends when it is told to
  return {
    get output() {
      return output;
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** A port that was free a moment ago, for a server that cannot say which one it got. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}
