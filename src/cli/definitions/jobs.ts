import { type Command, Option } from 'commander';
import { jobStatuses } from '../../core/job.ts';
import type { JobsOptions } from '../commands/jobs.ts';
import type { MetricsOptions } from '../commands/metrics.ts';
import type { Run } from '../context.ts';
import { collect, jobArgument, listOf, oneOf, wholeNumber } from './arguments.ts';
import { outputOption } from './output.ts';

type Output = Pick<JobsOptions, 'output'>;

/** Defines the commands that list, show, measure, cancel, delete and open jobs, and the one that lists providers. */
export function defineJobs(program: Command, run: Run): void {
  program
    .command('jobs')
    .alias('ls')
    .description('Lists jobs, newest first.')
    .addOption(
      new Option('--status <status>', 'only jobs in this state; repeatable')
        .choices(jobStatuses.map((status) => status.toLowerCase()))
        .argParser(listOf(oneOf(jobStatuses))),
    )
    .option('--provider <name>', 'only jobs of this provider; repeatable', collect)
    .option('--search <text>', "part of the name, the model's name or the id")
    .option('-n, --limit <count>', 'the most jobs', wholeNumber(1, 10_000), 20)
    .option('-w, --watch', 'show them as they change, until Ctrl-C')
    .addOption(outputOption())
    .addHelpText(
      'after',
      `
Examples:
  trainyard jobs
  trainyard jobs --status running,queued --provider local
  trainyard jobs --search llama -o json | jq -r .id
  trainyard jobs --watch                     a table on a terminal; in a pipe a line for each change`,
    )
    .action((options: JobsOptions) =>
      run(async (context) => (await import('../commands/jobs.ts')).jobs(context, options)),
    );

  program
    .command('job')
    .description('Shows everything about a job except its log.')
    .argument('<id>', jobArgument)
    .addOption(outputOption())
    .addHelpText(
      'after',
      `
Examples:
  trainyard job ID
  trainyard job ID -o json | jq .progress.loss`,
    )
    .action((id: string, options: Output) =>
      run(async (context) => (await import('../commands/job.ts')).job(context, id, options)),
    );

  program
    .command('metrics')
    .description("Shows a job's metrics, which its log tells: an overview, curves, or the values.")
    .argument('<id>', jobArgument)
    .argument('[name...]', 'the metrics; without one, all in short and the curve of the loss')
    .addOption(
      new Option('-o, --output <format>', 'csv or json: a line for each value')
        .choices(['text', 'csv', 'json'])
        .default('text'),
    )
    .addHelpText(
      'after',
      `
Examples:
  trainyard metrics last
  trainyard metrics ID loss learning_rate
  trainyard metrics ID loss -o csv > loss.csv`,
    )
    .action((id: string, names: string[], options: MetricsOptions) =>
      run(async (context) =>
        (await import('../commands/metrics.ts')).metrics(context, id, { ...options, names }),
      ),
    );

  program
    .command('cancel')
    .description('Asks a job to end; it may save a checkpoint first.')
    .argument('<id>', jobArgument)
    .option('--force', 'at once, without time to save anything')
    .addHelpText('after', '\nExamples:\n  trainyard cancel ID\n  trainyard cancel ID --force')
    .action((id: string, options: { force?: boolean }) =>
      run(async (context) => (await import('../commands/cancel.ts')).cancel(context, id, options)),
    );

  program
    .command('delete')
    .description('Deletes a job that is over, with its log; files on its machine stay there.')
    .argument('<id>', jobArgument)
    .addHelpText('after', '\nExample:\n  trainyard delete ID')
    .action((id: string) =>
      run(async (context) => (await import('../commands/delete.ts')).deleteJob(context, id)),
    );

  program
    .command('open')
    .description("Prints the link to a job's page in its provider's console.")
    .argument('<id>', jobArgument)
    .addHelpText('after', '\nExample:\n  xdg-open "$(trainyard open ID)"')
    .action((id: string) =>
      run(async (context) => (await import('../commands/open.ts')).open(context, id)),
    );

  program
    .command('providers')
    .description('Lists the providers where jobs run, with their health and their recipes.')
    .addOption(outputOption())
    .addHelpText('after', '\nExample:\n  trainyard providers')
    .action((options: Output) =>
      run(async (context) =>
        (await import('../commands/providers.ts')).providers(context, options),
      ),
    );
}
