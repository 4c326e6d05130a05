import { type Command, Option } from 'commander';
import { logLevels, maxLines } from '../../core/log.ts';
import type { LogsOptions } from '../commands/logs.ts';
import type { Run } from '../context.ts';
import { oneOf, wholeNumber } from './arguments.ts';
import { outputOption } from './output.ts';

const examples = `
Lines go to stdout; remarks, such as lines lost at the source, to stderr. Nothing in a line can drive your
terminal: colours pass, other escape sequences and controls are shown (\\x1b, \\x07). To a pipe colours are left
out as well, unless FORCE_COLOR is set. -o json has each line exactly as the job printed it:
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
Ctrl-C stops the following, not the job, and says how to resume.`;

export function defineLogs(program: Command, run: Run): void {
  program
    .command('logs')
    .summary("print or follow a job's log")
    .description("Prints a job's log: all that is stored, or with --follow until the job is over.")
    .argument('<id>', 'the job')
    .option('-f, --follow', 'go on as the log grows, across lost connections')
    .option(
      '-n, --lines <count>',
      'look at the last lines alone; with --offset, print no more than these',
      wholeNumber(0),
    )
    .option(
      '--offset <line>',
      'begin at this line number; -50 is 50 lines before the end',
      wholeNumber(-maxLines),
    )
    .option('--grep <re2>', 'only lines that match; RE2 syntax, (?i) ignores case')
    .addOption(
      new Option('--level <level>', 'only lines of this level or above')
        .choices(logLevels.map((level) => level.toLowerCase()))
        .argParser(oneOf(logLevels)),
    )
    .option('-t, --timestamps', "each line's time in front")
    .addOption(outputOption())
    .addHelpText('after', examples)
    .action((id: string, options: LogsOptions) =>
      run(async (context) => {
        const { logs } = await import('../commands/logs.ts');
        return logs(context, id, options);
      }),
    );
}
