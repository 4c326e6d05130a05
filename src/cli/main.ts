import { exitCode } from './exit.ts';
import { invocationOf } from './invocation.ts';
import { runCommand } from './run-command.ts';

/** Runs `trainyard` with this process's arguments, and sets the exit code. */
export async function main(): Promise<void> {
  const { argv, stdout, stderr, env } = process;
  // A reader such as `head` has closed the pipe, so the command ends silently, as SIGPIPE would end it.
  const leave = ({ code, message }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE') process.exit(exitCode.brokenPipe);
    stderr.write(`trainyard: the output cannot be written: ${message}\n`);
    process.exit(exitCode.defect);
  };
  stdout.on('error', leave);
  stderr.on('error', () => process.exit(exitCode.brokenPipe));
  const invocation = invocationOf({ script: argv[1], folder: process.cwd(), environment: env });
  const around = { stdout, stderr, environment: env, invocation };
  process.exitCode = await runCommand(argv.slice(2), around);
}
