import type { JobFragment } from '@trainyard/client';
import { isOver } from '../../core/job.ts';
import type { CommandContext } from '../context.ts';
import { unsaid } from '../follow/job-end.ts';
import { formatSpan } from '../screen/duration.ts';
import { percentWords, progressWords, styleOf } from '../screen/progress.ts';
import type { Screen } from '../screen/screen.ts';
import { visible, visibleJson } from '../screen/visible.ts';
import { type FoundJob, findJob } from '../server/find-job.ts';

/** Prints everything about one job except its log. */
export async function job(
  { api, screen }: CommandContext,
  id: string,
  { output }: { output: 'text' | 'json' },
): Promise<void> {
  const found = await findJob(api, id);
  await screen.print(output === 'json' ? visibleJson(found) : describe(screen, found));
}

function describe(screen: Screen, job: FoundJob): string {
  const { failure, progress, provider, rerunOf } = job;
  const status = `${job.status}${job.stale ? ' (stale: its provider does not report it)' : ''}`;
  const isSaid = job.providerStatus && !isOver(job.status);
  const said = isSaid ? ` (${provider.name} says ${job.providerStatus})` : '';
  const facts: [string, string | null][] = [
    ['Id', job.id],
    ['Name', job.name],
    ['Status', status + said],
    ['Waits for', job.waitsFor?.message ?? null],
    [
      'Progress',
      [percentWords(progress), ...progressWords(job)].filter(Boolean).join(', ') || null,
    ],
    [
      'Provider',
      `${provider.name} (${provider.kind})${job.externalId ? `, as ${job.externalId}` : ''}`,
    ],
    ['Recipe', job.recipe],
    ['Model', job.modelName],
    ['Data set', job.datasetPath],
    ['Config', Object.keys(job.config).length > 0 ? visibleJson(job.config) : null],
    ['Cost', costWords(job.cost)],
    ['Console', job.consoleUrl],
    ['Repeats', rerunOf && `${rerunOf.id} (${rerunOf.name})`],
    ['Created', `${job.createdAt} (${formatSpan(job.createdAt, null)} ago)`],
    ['Started', job.startedAt],
    ['Finished', job.finishedAt && `${job.finishedAt}${ranFor(job)}`],
    ['Failure', failure && failureWords(failure)],
  ];
  const lines = facts.flatMap(([name, value]) => {
    if (value === null) return [];
    const shown = visible(value, { colours: false });
    const styled = name === 'Status' ? screen.paint(styleOf(job.status), shown) : shown;
    return `${screen.paint('bold', name.padEnd(10))}${styled}`;
  });
  const excerpt = (failure?.excerpt ?? []).map((line) => `  ${visible(line, screen)}`);
  return [...lines, ...excerpt].join('\n');
}

function costWords(cost: JobFragment['cost']): string | null {
  if (!cost) return null;
  const { accrued, currency, perHour, limit } = cost;
  const most = limit === null ? '' : `, at most ${limit} ${currency}`;
  return `${accrued.toFixed(2)} ${currency} so far, ${perHour} ${currency} an hour${most}`;
}

function ranFor({ startedAt, finishedAt }: JobFragment): string {
  return startedAt && finishedAt ? ` (ran for ${formatSpan(startedAt, finishedAt)})` : '';
}

function failureWords(failure: NonNullable<JobFragment['failure']>) {
  const { message, offset } = failure;
  const details = unsaid(failure);
  if (offset !== null) details.push(`line ${offset}`);
  return details.length === 0 ? message : `${message} (${details.join(', ')})`;
}
