import { CommanderError } from 'commander';
import { ConfigError } from '../config/config-error.ts';
import { CommandError, exitCode } from './exit.ts';
import { createProgram } from './program.ts';
import { type Output, Screen } from './screen/screen.ts';
import { visible } from './screen/visible.ts';

/** Runs `trainyard` with these arguments and resolves to the exit code. Errors are written to `stderr`. */
export async function runCommand(
  args: readonly string[],
  around: {
    stdout: Output;
    stderr: Output;
    environment: NodeJS.ProcessEnv;
    /** The words that start this program, for hints; `trainyard` where absent. */
    invocation?: string;
  },
): Promise<number> {
  const { stdout, stderr, environment, invocation = 'trainyard' } = around;
  const screen = new Screen({ stdout, stderr, dumb: environment.TERM === 'dumb' });
  try {
    return await createProgram({ screen, environment, invocation }).run(args);
  } catch (error) {
    return report(screen, error);
  }
}

/** Writes an error to stderr, in one line unless it is a defect, and returns the exit code. */
function report(screen: Screen, error: unknown): number {
  // Commander has already written the help to stdout, or the error to stderr.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.usage;
  if (error instanceof CommandError || error instanceof ConfigError) {
    screen.note(visible(error.message, { colours: false }), 'red');
    for (const line of error instanceof CommandError ? error.lines : []) screen.note(line);
    return error instanceof CommandError ? error.exitCode : exitCode.usage;
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  for (const line of `a defect of trainyard: ${stack}`.split('\n')) {
    screen.note(visible(line, { colours: false }), 'red');
  }
  return exitCode.defect;
}
