import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../../', import.meta.url));
const runFile = promisify(execFile);

/** A copy of this project as a clone would have it, in which a person follows a document. */
export interface Clone extends AsyncDisposable {
  readonly path: string;
  /** `npm start`, as in a shell of its own; resolves once the server is ready. */
  start(): Promise<void>;
  /** Ctrl-C in that shell, and `npm start` once more. */
  startAgain(): Promise<void>;
  /** Ctrl-C in that shell; resolves when the server has ended. */
  stop(): Promise<void>;
  /** Runs commands in a second shell, and resolves to all that they print. Rejects with that where one fails. */
  run(commands: string): Promise<string>;
}

/** Runs git in this project, and resolves to what it prints. */
export async function git(...args: string[]): Promise<string> {
  return (await runFile('git', args, { cwd: root })).stdout;
}

/** Opens a clone with what `npm ci` installs: it is what was installed here. The clone is removed when it is disposed of. */
export async function openClone(): Promise<Clone> {
  const path = await mkdtemp(join(tmpdir(), 'trainyard-clone-'));
  const listed = await git('ls-files', '-z', '--cached', '--others', '--exclude-standard');
  for (const file of new Set(listed.split('\0'))) {
    if (file === '' || file.startsWith('test/')) continue;
    await mkdir(dirname(join(path, file)), { recursive: true });
    await copyFile(root + file, join(path, file));
  }
  await symlink(`${root}node_modules`, `${path}/node_modules`);
  return new RunningClone(path);
}

class RunningClone implements Clone {
  readonly path: string;
  #server: ChildProcess | null = null;
  #url = '';

  constructor(path: string) {
    this.path = path;
  }

  async start(): Promise<void> {
    // A process group of its own, as a shell gives it, so that Ctrl-C reaches npm and the server alike.
    const child = spawn('npm', ['start'], {
      ...this.#surroundings({ PORT: '0' }),
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#server = child;
    for await (const line of createInterface(child.stdout)) {
      const [, url] = /"url":"(http:[^"]+)".*"msg":"Trainyard is ready"/.exec(line) ?? [];
      if (url === undefined) continue;
      this.#url = url;
      child.stdout.resume();
      return;
    }
    throw new Error('npm start has ended');
  }

  async startAgain(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async stop(): Promise<void> {
    await this.#end('SIGINT');
  }

  async run(commands: string): Promise<string> {
    const here = commands.replaceAll('http://127.0.0.1:4000', this.#url);
    // Without pipefail, as a person's shell is: `head` may leave before curl has written all.
    const script = `set -eu; exec 2>&1\n${here}`;
    const options = this.#surroundings({ TRAINYARD_URL: this.#url });
    const { stdout } = await runFile('bash', ['-c', script], options);
    return stdout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end('SIGKILL');
    await rm(this.path, { recursive: true, force: true, maxRetries: 5 });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#server;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    // Its output closes when npm and the server have both ended.
    const ended = once(child, 'close');
    process.kill(-child.pid, signal);
    await ended;
  }

  /** A shell of a person's: with the machine's own Node, not that of the tests. */
  #surroundings(more: Record<string, string>) {
    const { PATH = '', HOME = '' } = process.env;
    const own = PATH.split(':').filter((folder) => !folder.endsWith('node_modules/.bin'));
    return { cwd: this.path, env: { PATH: own.join(':'), HOME, ...more } };
  }
}
