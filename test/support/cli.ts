import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../../src/cli/run-command.ts';

export const cliPath = fileURLToPath(new URL('../../bin/trainyard.js', import.meta.url));

export interface CliOptions {
  /** The server; also `TRAINYARD_URL` in `env`. */
  url?: string;
  env?: Record<string, string>;
  /** What it reads; nothing where absent; null: it stays open, for the test to end. */
  input?: string | null;
}

export interface CliResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Cli extends AsyncDisposable {
  readonly process: ChildProcess;
  readonly stdout: string;
  readonly stderr: string;
  /** Resolves once what was printed so far (stdout, then stderr) matches; rejects where the process ends first. */
  shows(pattern: RegExp): Promise<void>;
  /** Resolves when the process has ended and all its output is here. */
  ended(): Promise<CliResult>;
}

/** Starts `trainyard` as a process of its own, with pipes for its output. */
export function startCli(args: readonly string[], options: CliOptions = {}): Cli {
  return startProcess(process.execPath, [cliPath, ...args], options);
}

/**
 * Runs `trainyard` to its end. A command that needs no process of its own, since it reads neither its
 * environment nor its input, runs within this one: starting Node takes ten times as long as the command.
 */
export async function runCli(
  args: readonly string[],
  options: CliOptions = {},
): Promise<CliResult> {
  if (options.env || options.input !== undefined) return startCli(args, options).ended();
  const said = { stdout: '', stderr: '' };
  const output = (name: keyof typeof said) =>
    new Writable({
      decodeStrings: false,
      write(text: string, _encoding, done) {
        said[name] += text;
        done();
      },
    });
  const code = await runCommand(args, {
    stdout: output('stdout'),
    stderr: output('stderr'),
    environment: options.url === undefined ? {} : { TRAINYARD_URL: options.url },
  });
  return { code, ...said };
}

/** Starts `trainyard` in a terminal of util-linux's `script`; all that it prints is in `stdout`. */
export function startCliInTerminal(
  args: readonly string[],
  { columns = 120, ...options }: CliOptions & { columns?: number } = {},
): Cli {
  const words = [process.execPath, cliPath, ...args].map((word) => `'${word}'`).join(' ');
  const command = `stty columns ${columns} rows 24; exec ${words}`;
  const env = { TERM: 'xterm-256color', SHELL: '/bin/sh', ...options.env };
  return startProcess('script', ['-qec', command, '/dev/null'], { ...options, env });
}

/** Starts any program as `startCli` does. */
export function startProcess(
  program: string,
  args: readonly string[],
  { url, env, input }: CliOptions = {},
): Cli {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(program, args, {
    env: { PATH, HOME, ...(url === undefined ? {} : { TRAINYARD_URL: url }), ...env },
  });
  // A program that does not read its input is no failure.
  child.stdin.on('error', () => {});
  // A terminal must stay open: its end would be taken for a hang-up.
  if (input !== null && (program !== 'script' || input !== undefined)) child.stdin.end(input);
  const said = { stdout: '', stderr: '' };
  const closed = once(child, 'close');
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
      child.emit('said');
    });
  }
  return {
    process: child,
    get stdout() {
      return said.stdout;
    },
    get stderr() {
      return said.stderr;
    },
    async shows(pattern) {
      while (!pattern.test(`${said.stdout}\n${said.stderr}`)) {
        if (child.exitCode !== null) {
          throw new Error(`ended without ${pattern}:\n${said.stdout}\n${said.stderr}`);
        }
        await Promise.race([once(child, 'said'), closed]);
      }
    },
    async ended() {
      const [code] = await closed;
      return { code, ...said };
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await closed;
    },
  };
}
