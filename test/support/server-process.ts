import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { cliPath } from './cli.ts';

/** A real server in a process of its own, to be killed. */
export interface ServerProcess extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  /** All that it has written so far, to its output and to its error output. */
  output(): string;
  /** Ends the process with a signal and resolves to how it ended. */
  end(signal: NodeJS.Signals): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

interface StartOptions {
  command?: 'serve' | 'trainer' | '--listen';
  /** Behind the command. */
  args?: string[];
  env: Record<string, string>;
  /** Another `bin/trainyard.js` than this project's. */
  cli?: string;
}

/** Starts `trainyard serve` (or `trainer`) and resolves once it has said where it listens. */
export async function startServer(options: StartOptions): Promise<ServerProcess> {
  const child = launch(options);
  const said: string[] = [];
  child.stderr.on('data', (chunk) => said.push(String(chunk)));
  child.stdout.on('data', (chunk) => said.push(String(chunk)));
  const gone = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
  const url = await address(child, said);
  const end = (signal: NodeJS.Signals) => {
    child.kill(signal);
    return gone;
  };
  return {
    url,
    pid: child.pid ?? 0,
    output: () => said.join(''),
    end,
    async [Symbol.asyncDispose]() {
      await end('SIGKILL');
    },
  };
}

/** Starts a server that is expected not to come up, and resolves to how it ended; one that does is killed. */
export async function failToStart(
  options: StartOptions,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = launch(options);
  createInterface(child.stdout).once('line', () => child.kill('SIGKILL'));
  const outputs = Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await once(child, 'exit');
  const [stdout, stderr] = await outputs;
  return { code, stdout, stderr };
}

function launch({
  command = 'serve',
  args = [],
  env,
  cli = cliPath,
}: StartOptions): ChildProcessByStdio<null, Readable, Readable> {
  const { PATH = '', HOME = '' } = process.env;
  return spawn(process.execPath, ['--disable-warning=ExperimentalWarning', cli, command, ...args], {
    env: { PATH, HOME, PORT: '0', TRAINER_PORT: '0', LOG_LEVEL: 'warn', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function address(
  child: ChildProcessByStdio<null, Readable, Readable>,
  said: readonly string[],
): Promise<string> {
  for await (const line of createInterface(child.stdout)) {
    const [url] = /http:\/\/[^\s/"]+/.exec(line) ?? [];
    if (url) return url;
  }
  throw new Error(`the server did not start: ${said.join('')}`);
}
