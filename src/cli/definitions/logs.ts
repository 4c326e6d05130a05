import { type Command, Option } from 'commander';
import { logLevels, maxLines } from '../../core/log.ts';
import type { LogsOptions } from '../commands/logs.ts';
import type { Run } from '../context.ts';
import { jobArgument, oneOf, wholeNumber } from './arguments.ts';
import { outputOption } from './output.ts';

const examples = `
Lines go to stdout; remarks, such as lines lost at the source, to stderr. No line can control your terminal:
colours are kept, and other escape sequences and control characters are shown as text (\\x1b, \\x07). In a pipe,
colours are left out too, unless FORCE_COLOR is set. -o json has each line exactly as the job printed it:
  {"offset":0,"text":"...","time":"...","level":"INFO","source":"STDOUT"}

Examples:
  trainyard logs ID -f                       from the first line, until the job is over
  trainyard logs ID -f -n 100                the last 100 lines, then go on
  trainyard logs ID -f --offset 5000         go on where you were
  trainyard logs ID --offset 5000 -n 100     a page
  trainyard logs ID --grep 'loss=0\\.[0-4]' --level warning
  trainyard logs ID -o json | jq -r 'select(.level == "ERROR").text'
  FORCE_COLOR=1 trainyard logs ID | less -R

With --follow the exit code tells how the job ended: 0 COMPLETED, 1 FAILED, 3 CANCELLED, 4 LOST.
Ctrl-C stops following, not the job, and says how to resume.`;

/** Defines `logs`. */
export function defineLogs(program: Command, run: Run): void {
  program
    .command('logs')
    .summary("print or follow a job's log")
    .description("Prints a job's log: all that is stored, or with --follow until the job is over.")
    .argument('<id>', jobArgument)
    .option('-f, --follow', 'print the log as it grows, across lost connections')
    .option(
      '-n, --lines <count>',
      'only the last lines; with --offset, the most lines to print',
      wholeNumber(0),
    )
    .option(
      '--offset <line>',
      'the first line, by number; -50 is 50 lines before the end',
      wholeNumber(-maxLines),
    )
    .option('--grep <re2>', 'only lines that match; RE2 syntax, (?i) ignores case')
    .addOption(
      new Option('--level <level>', 'only lines of this level or above')
        .choices(logLevels.map((level) => level.toLowerCase()))
        .argParser(oneOf(logLevels)),
    )
    .option('-t, --timestamps', 'print the time before each line')
    .addOption(outputOption())
    .addHelpText('after', examples)
    .action((id: string, options: LogsOptions) =>
      run(async (context) => {
        const { logs } = await import('../commands/logs.ts');
        return logs(context, id, options);
      }),
    );
}
