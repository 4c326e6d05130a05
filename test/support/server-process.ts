import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A real server in a process of its own, to be killed. */
export interface ServerProcess extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  /** Ends the process with a signal and resolves to how it ended. */
  end(signal: NodeJS.Signals): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

/** Starts `src/main.ts` (or `src/trainer-main.ts`) and resolves once it has said where it listens. */
export async function startServer(options: {
  entry?: 'main.ts' | 'trainer-main.ts';
  env: Record<string, string>;
}): Promise<ServerProcess> {
  const { entry = 'main.ts', env } = options;
  const main = fileURLToPath(new URL(`../../src/${entry}`, import.meta.url));
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main], {
    env: { PATH, HOME, PORT: '0', TRAINER_PORT: '0', LOG_LEVEL: 'warn', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const gone = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
  const url = await address(child);
  const end = (signal: NodeJS.Signals) => {
    child.kill(signal);
    return gone;
  };
  return {
    url,
    pid: child.pid ?? 0,
    end,
    async [Symbol.asyncDispose]() {
      await end('SIGKILL');
    },
  };
}

async function address(child: ChildProcess): Promise<string> {
  if (!child.stdout || !child.stderr) throw new Error('the server has no output');
  const said: string[] = [];
  child.stderr.on('data', (chunk) => said.push(String(chunk)));
  for await (const line of createInterface(child.stdout)) {
    said.push(line);
    const [url] = /http:\/\/[^\s/]+/.exec(line) ?? [];
    if (url) {
      // Whatever else it says is read and dropped, or it would block.
      child.stdout.resume();
      return url;
    }
  }
  throw new Error(`the server did not start: ${said.join('\n')}`);
}
