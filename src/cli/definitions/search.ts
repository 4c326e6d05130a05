import { type Command, Option } from 'commander';
import { jobStatuses } from '../../core/job.ts';
import { logLevels } from '../../core/log.ts';
import type { SearchOptions } from '../commands/search.ts';
import type { Run } from '../context.ts';
import { collect, listOf, oneOf, wholeNumber } from './arguments.ts';
import { moment } from './moment.ts';
import { outputOption } from './output.ts';

/** Defines `search`. */
export function defineSearch(program: Command, run: Run): void {
  program
    .command('search')
    .description('Searches the logs of all jobs, newest first.')
    .argument('<re2>', 'what the lines must match; RE2 syntax, (?i) ignores case')
    .option('-F, --fixed-strings', 'take it as plain text')
    .addOption(
      new Option('--level <level>', 'only lines of this level or above')
        .choices(logLevels.map((level) => level.toLowerCase()))
        .argParser(oneOf(logLevels)),
    )
    .option(
      '--since <when>',
      'only jobs that were deployed from then on: 7d, 12h ago, or an ISO time',
      moment,
    )
    .addOption(
      new Option('--status <status>', 'only jobs in this state; repeatable')
        .choices(jobStatuses.map((status) => status.toLowerCase()))
        .argParser(listOf(oneOf(jobStatuses))),
    )
    .option('--provider <name>', 'only jobs of this provider; repeatable', collect)
    .option('--tag <tag>', 'only jobs with this tag; repeatable: with all of them', collect)
    .option('-n, --lines <count>', 'the most lines of each job', wholeNumber(0, 20), 3)
    .option('--limit <count>', 'the most jobs', wholeNumber(1, 10_000), 20)
    .addOption(outputOption())
    .addHelpText(
      'after',
      `
Examples:
  trainyard search '(?i)out of memory' --since 7d
  trainyard search -F 'loss is nan' --tag sweep -o json | jq -r .job.id
  trainyard search Traceback --status failed -n 1`,
    )
    .action((pattern: string, options: SearchOptions) =>
      run(async (context) =>
        (await import('../commands/search.ts')).search(context, pattern, options),
      ),
    );
}
