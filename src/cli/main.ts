import { CommanderError } from 'commander';
import { ConfigError } from '../config/config-error.ts';
import { CommandError, exitCode } from './exit.ts';
import { createProgram } from './program.ts';
import { Screen } from './screen.ts';
import { visible } from './visible.ts';

/** Runs `trainyard` with this process's arguments, and sets the exit code. */
export async function main(): Promise<void> {
  const { argv, stdout, stderr, env } = process;
  // A reader such as `head` has seen enough: the end that SIGPIPE would bring, without a word.
  const leave = ({ code, message }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE') process.exit(exitCode.brokenPipe);
    stderr.write(`trainyard: the output cannot be written: ${message}\n`);
    process.exit(exitCode.defect);
  };
  stdout.on('error', leave);
  stderr.on('error', () => process.exit(exitCode.brokenPipe));
  const screen = new Screen({ stdout, stderr, dumb: env.TERM === 'dumb' });
  try {
    process.exitCode = await createProgram({ screen, environment: env }).run(argv.slice(2));
  } catch (error) {
    process.exitCode = report(screen, error);
  }
}

/** Tells what went wrong in one line, and gives back the exit code. */
function report(screen: Screen, error: unknown): number {
  // Commander has told it already: help on stdout, or a wrong use on stderr.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.usage;
  if (error instanceof CommandError || error instanceof ConfigError) {
    screen.note(visible(error.message, { colours: false }), 'red');
    return error instanceof CommandError ? error.exitCode : exitCode.usage;
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  for (const line of `a defect of trainyard: ${stack}`.split('\n')) {
    screen.note(visible(line, { colours: false }), 'red');
  }
  return exitCode.defect;
}
