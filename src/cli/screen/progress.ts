import type { JobFragment, JobStatus, NotFinite } from '@trainyard/client';
import { formatSeconds } from './duration.ts';
import type { Screen } from './screen.ts';

type Style = Parameters<Screen['paint']>[0];

const styles: Readonly<Record<JobStatus, Style>> = {
  QUEUED: 'dim',
  STARTING: 'cyan',
  RUNNING: 'cyan',
  PAUSED: 'yellow',
  STOPPING: 'yellow',
  COMPLETED: 'green',
  FAILED: 'red',
  CANCELLED: 'yellow',
  LOST: 'red',
};

/** The colour of a status. */
export function styleOf(status: JobStatus): Style {
  return styles[status];
}

/** What a value is that is not a finite number. */
export const notFiniteWords: Readonly<Record<NotFinite, string>> = {
  NAN: 'NaN',
  INFINITY: 'infinite',
  NEGATIVE_INFINITY: '-infinite',
};

/** A job's progress in words: its place in a queue, step, epoch, loss, remaining time and cost, as far as they are known. */
export function progressWords({
  waitsFor,
  progress,
  cost,
}: Pick<JobFragment, 'waitsFor' | 'progress' | 'cost'>): string[] {
  const words: string[] = [];
  if (waitsFor?.position != null) words.push(`place ${waitsFor.position} of the queue`);
  const { step, totalSteps, epoch, totalEpochs, secondsRemaining } = progress ?? {};
  const loss = lossWords(progress);
  if (step != null) words.push(`step ${step}${totalSteps == null ? '' : `/${totalSteps}`}`);
  if (epoch != null) {
    words.push(`epoch ${short(epoch)}${totalEpochs == null ? '' : `/${short(totalEpochs)}`}`);
  }
  if (loss !== '') words.push(`loss ${loss}`);
  if (secondsRemaining) words.push(`${formatSeconds(secondsRemaining)} left`);
  if (cost) words.push(`${cost.accrued.toFixed(2)} ${cost.currency}`);
  return words;
}

/** The last loss, such as `0.5123` or `NaN`; an empty text where there is none. */
export function lossWords(progress: JobFragment['progress']): string {
  const { loss, lossNotFinite } = progress ?? {};
  if (lossNotFinite != null) return notFiniteWords[lossNotFinite];
  return loss == null ? '' : short(loss);
}

/** The progress in percent, such as `42%`; an empty text where it is not known. */
export function percentWords(progress: JobFragment['progress']): string {
  return progress?.percent == null ? '' : `${Math.floor(progress.percent)}%`;
}

const barColumns = 20;

/** A job's state in one line of at most `columns` characters. Parts that do not fit are left out. */
export function statusLine(
  screen: Screen,
  job: JobFragment,
  { columns, remark }: { columns: number; remark: string | null },
): string {
  const parts: { text: string; style: Style }[] = [];
  let left = columns;
  const add = (text: string, style: Style) => {
    const width = text.length + (parts.length > 0 ? 2 : 0);
    if (text === '' || width > left) return;
    left -= width;
    parts.push({ text, style });
  };
  add(job.status + (job.stale ? ' (stale)' : ''), styleOf(job.status));
  // A remark says what is wrong, so it is cut rather than left out.
  const room = left - 2;
  if (remark !== null)
    add(remark.length > room ? `${remark.slice(0, room - 1)}…` : remark, 'yellow');
  add(percentWords(job.progress).padStart(4).trim(), 'bold');
  if (job.progress?.percent != null) add(bar(job.progress.percent), 'cyan');
  for (const words of progressWords(job)) add(words, 'dim');
  return parts.map(({ text, style }) => screen.paint(style, text)).join('  ');
}

function bar(percent: number): string {
  const filled = Math.round((Math.min(100, Math.max(0, percent)) / 100) * barColumns);
  return '█'.repeat(filled) + '░'.repeat(barColumns - filled);
}

/** A number in four digits. */
export function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
