import { type Command, Option } from 'commander';
import { logLevels, maxLines, progressChoices } from '../../core/log.ts';
import type { LogsOptions } from '../commands/logs.ts';
import type { Run } from '../context.ts';
import { timeFormats } from '../screen/line-time.ts';
import { jobArgument, oneOf, wholeNumber } from './arguments.ts';
import { moment } from './moment.ts';
import { outputOption } from './output.ts';

const examples = `
Lines go to stdout; remarks, such as lines lost at the source, to stderr. No line can control your terminal:
colours are kept, and other escape sequences and control characters are shown as text (\\x1b, \\x07). In a pipe,
colours are left out too, unless FORCE_COLOR is set. -o json has each line exactly as the job printed it:
  {"offset":0,"text":"...","time":"...","level":"INFO","source":"STDOUT"}

Examples:
  trainyard logs ID -f                       from the first line, until the job is over
  trainyard logs ID -f -n 100                the last 100 lines, then go on
  trainyard logs ID ID ID -f                 several at once, each line behind its job's name
  trainyard logs ID -f --offset 5000         go on where you were
  trainyard logs ID --offset 5000 -n 100     a page
  trainyard logs ID --grep 'loss=0\\.[0-4]' --level warning
  trainyard logs last --grep Traceback -B 2 -A 20
  trainyard logs ID --since 1h --exclude '^step' --time local
  trainyard logs ID -o json | jq -r 'select(.level == "ERROR").text'
  FORCE_COLOR=1 trainyard logs ID | less -R

With --follow the exit code tells how the job ended: 0 COMPLETED, 1 FAILED, 3 CANCELLED, 4 LOST. Of several jobs it
tells the worst end.
Ctrl-C stops following, not the job, and says how to resume.`;

/** The most lines before or after a match. */
const maxContext = 1000;

/** Defines `logs`. */
export function defineLogs(program: Command, run: Run): void {
  program
    .command('logs')
    .summary("print or follow a job's log, or several")
    .description("Prints a job's log: all that is stored, or with --follow until the job is over.")
    .argument('<id...>', jobArgument)
    .option('-f, --follow', 'print the log as it grows, across lost connections')
    .option(
      '-n, --lines <count>',
      'only the last lines (those that pass, where some are chosen); with --offset, the most lines',
      wholeNumber(0),
    )
    .option(
      '--offset <line>',
      'the first line, by number; -50 is 50 lines before the end',
      wholeNumber(-maxLines),
    )
    .option('--since <when>', 'only lines from then on: 1h, 30m, 2d ago, or an ISO time', moment)
    .option('--until <when>', 'only lines before then', moment)
    .option('--grep <re2>', 'only lines that match; RE2 syntax, (?i) ignores case')
    .option('--exclude <re2>', 'only lines that do not match')
    .addOption(
      new Option('--level <level>', 'only lines of this level or above')
        .choices(logLevels.map((level) => level.toLowerCase()))
        .argParser(oneOf(logLevels)),
    )
    .option('-C, --context <count>', 'lines around each match, too', wholeNumber(0, maxContext))
    .option('-B, --before-context <count>', 'lines before each match', wholeNumber(0, maxContext))
    .option('-A, --after-context <count>', 'lines after each match', wholeNumber(0, maxContext))
    .addOption(
      new Option(
        '--progress <which>',
        'of progress bars: all states, the last of each (the default), or none',
      )
        .choices(progressChoices.map((choice) => choice.toLowerCase()))
        .argParser(oneOf(progressChoices)),
    )
    .option('--no-progress', 'no state of any progress bar')
    .option('-t, --timestamps', 'print the time before each line, in UTC')
    .addOption(
      new Option(
        '--time <clock>',
        "print the time before each line: this machine's, UTC, or since the job's start",
      ).choices(timeFormats),
    )
    .addOption(outputOption())
    .addHelpText('after', examples)
    .action((ids: string[], options: LogsOptions) =>
      run(async (context) => {
        const { logs } = await import('../commands/logs.ts');
        return logs(context, ids, options);
      }),
    );
}
