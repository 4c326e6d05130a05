import type { JobFragment } from '@trainyard/client';
import { isOver } from '../../core/job.ts';
import { formatSeconds, formatSpan } from '../screen/duration.ts';
import { lossWords, percentWords, styleOf } from '../screen/progress.ts';
import type { Screen } from '../screen/screen.ts';
import { type Cell, renderTable } from '../screen/table.ts';
import { visible } from '../screen/visible.ts';
import type { JobChange } from './job-changes.ts';
import type { WatchView } from './watch-jobs.ts';

/** The table is drawn at most so often, however many jobs change. */
const drawMs = 100;
/** Times go on while nothing changes. */
const clockMs = 1000;
/** The most jobs that are kept; of more, those are forgotten that would be shown last. */
const maxKept = 1000;

const headings = ['ID', 'NAME', 'PROVIDER', 'STATUS', 'DONE', 'LOSS', 'LEFT', 'COST', 'TIME'];
const nameColumn = 1;

/** A table of jobs on a terminal, drawn in place. Jobs that are not over come first, and the newest of each. */
export class JobTable implements WatchView {
  readonly #screen: Screen;
  readonly #limit: number;
  readonly #jobs = new Map<string, JobFragment>();
  readonly #clock: NodeJS.Timeout;
  #due: NodeJS.Timeout | null = null;
  #remark: string | null = null;
  #size = { columns: 79, rows: 23 };

  constructor(screen: Screen, { limit }: { limit: number }) {
    this.#screen = screen;
    this.#limit = limit;
    this.#clock = setInterval(() => this.#draw(), clockMs);
    this.#draw();
  }

  async take(change: JobChange): Promise<void> {
    if ('job' in change) this.#jobs.set(change.job.id, change.job);
    else this.#jobs.delete(change.deletedJobId);
    if (this.#jobs.size > maxKept) this.#forget();
    this.#due ??= setTimeout(() => this.#draw(), drawMs);
  }

  leave(job: JobFragment): void {
    this.#jobs.delete(job.id);
    this.#due ??= setTimeout(() => this.#draw(), drawMs);
  }

  remark(text: string | null): void {
    this.#remark = text === null ? null : visible(text, { colours: false });
    this.#draw();
  }

  /** Leaves the table as it is now. */
  async close(): Promise<void> {
    clearInterval(this.#clock);
    if (this.#due) clearTimeout(this.#due);
    this.#screen.status(null);
    await this.#screen.print(this.#rows(this.#size).join('\n'));
  }

  #draw(): void {
    if (this.#due) clearTimeout(this.#due);
    this.#due = null;
    this.#screen.status((size) => {
      this.#size = size;
      return this.#rows(size);
    });
  }

  #rows({ columns, rows }: { columns: number; rows: number }): string[] {
    const jobs = inOrder(this.#jobs.values());
    const counts = [...Map.groupBy(jobs, ({ status }) => status)];
    const summary = counts.map(([status, those]) => `${those.length} ${status}`).join(', ');
    const first = this.#remark ?? (summary || 'no jobs yet');
    const shown = jobs.slice(0, Math.min(this.#limit, rows - 2));
    const table = renderTable(this.#screen, headings, shown.map(rowOf), {
      columns,
      shrink: nameColumn,
    });
    const style = this.#remark === null ? 'dim' : 'yellow';
    return [this.#screen.paint(style, first.slice(0, columns)), ...table.split('\n')];
  }

  #forget(): void {
    for (const { id } of inOrder(this.#jobs.values()).slice(maxKept)) this.#jobs.delete(id);
  }
}

function inOrder(jobs: Iterable<JobFragment>): JobFragment[] {
  return [...jobs].sort(
    (job, other) =>
      Number(isOver(job.status)) - Number(isOver(other.status)) ||
      Date.parse(other.createdAt) - Date.parse(job.createdAt),
  );
}

/** TIME is how long the job has been running, or ran; before that, how long it has waited. */
function rowOf(job: JobFragment): Cell[] {
  const { progress, cost, startedAt, createdAt, finishedAt, status } = job;
  const left = progress?.secondsRemaining;
  const isBroken = progress?.lossNotFinite != null;
  return [
    { text: job.id },
    { text: job.name },
    { text: job.provider.name },
    { text: status + (job.stale ? ' (stale)' : ''), style: styleOf(status) },
    { text: percentWords(progress) },
    { text: lossWords(progress), ...(isBroken ? { style: 'red' } : {}) },
    { text: left ? formatSeconds(left) : '' },
    { text: cost ? `${cost.accrued.toFixed(2)} ${cost.currency}` : '' },
    { text: formatSpan(startedAt ?? createdAt, finishedAt), style: 'dim' },
  ];
}
