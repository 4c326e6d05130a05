import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { kill, killByEnvironment } from './processes.ts';

/** Longer lines come in pieces, so that a process that never ends its line fills no memory. */
const maxLineChars = 256 * 1024;

export interface Container {
  pid: number;
  /** Resolves when the container and all that ran in it has ended, and its last line is out. */
  ended: Promise<void>;
  /** SIGTERM to the first process, SIGKILL to all when that does not help within the grace period. */
  stop(graceMs: number): void;
  kill(): void;
}

/**
 * Runs a command as a container would: with just this environment, in this folder, apart from the
 * signals of our own terminal. As in a container, the end of the first process is the end of all.
 * Rejects where the command cannot be started.
 */
export async function startContainer(options: {
  words: readonly string[];
  env: Record<string, string>;
  directory: string;
  /** A `NAME=value` of `env` that no other process has. */
  mark: string;
  /** Lines that arrived together, from stdout and stderr alike. */
  onLines: (lines: string[]) => void;
}): Promise<Container> {
  const [program = 'sleep', ...args] = options.words.length > 0 ? options.words : ['sleep', '1e9'];
  const child = spawn(program, args, {
    cwd: options.directory,
    env: options.env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  readLines(child.stdout, options.onLines);
  readLines(child.stderr, options.onLines);
  await once(child, 'spawn');
  const pid = Number(child.pid);
  const killAll = () => {
    kill(-pid);
    killByEnvironment(options.mark);
  };

  // Whoever is left keeps the pipes open: first they end, then the last lines are in, then all is over.
  // A process that was just starting may not have had its environment yet: it is looked for again.
  let again: NodeJS.Timeout | undefined;
  child.once('exit', () => {
    killAll();
    again = setInterval(killAll, 200);
  });
  const ended = once(child, 'close').then(() => clearInterval(again));
  return {
    pid,
    ended,
    stop(graceMs) {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      child.once('exit', () => clearTimeout(timer));
    },
    kill: () => void child.kill('SIGKILL'),
  };
}

function readLines(stream: Readable, onLines: (lines: string[]) => void): void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  const take = (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    while (rest.length > maxLineChars) {
      lines.push(rest.slice(0, maxLineChars));
      rest = rest.slice(maxLineChars);
    }
    onLines(lines);
  };
  stream.on('data', (bytes: Buffer) => take(decoder.write(bytes)));
  stream.on('end', () => {
    take(decoder.end());
    if (rest !== '') onLines([rest]);
  });
}
