import type { JobFragment } from '@trainyard/client';
import { isOver } from '../../core/job.ts';
import { percentWords, progressWords, styleOf } from '../screen/progress.ts';
import type { Screen } from '../screen/screen.ts';
import { visible, visibleJson } from '../screen/visible.ts';
import type { JobChange } from './job-changes.ts';
import type { WatchView } from './watch-jobs.ts';

/** The most jobs whose last line is remembered. */
const maxKnown = 10_000;

/** A line for each job, and for each change of its status or of its progress by a percent; as JSON, for every change. */
export class JobLines implements WatchView {
  readonly #screen: Screen;
  readonly #output: 'text' | 'json';
  /** What the last line of a job said, by its id. */
  readonly #said = new Map<string, string>();
  readonly #oldest: number;

  /** `newest` are the jobs that are shown in any case; older ones are shown if they are not over. */
  constructor(
    screen: Screen,
    { output, newest }: { output: 'text' | 'json'; newest: readonly JobFragment[] },
  ) {
    this.#screen = screen;
    this.#output = output;
    this.#oldest = Math.min(...newest.map(({ createdAt }) => Date.parse(createdAt)));
  }

  async take(change: JobChange): Promise<void> {
    if ('job' in change) return this.#show(change.job);
    const { deletedJobId } = change;
    this.#said.delete(deletedJobId);
    await this.#screen.print(
      this.#output === 'json' ? visibleJson({ deletedJobId }) : `${deletedJobId}  deleted`,
    );
  }

  /** A job that leaves the filter is shown once more, as it then is. */
  async leave(job: JobFragment): Promise<void> {
    if (this.#said.has(job.id)) await this.#show(job);
    this.#said.delete(job.id);
  }

  remark(text: string | null): void {
    this.#screen.note(text ?? 'connected again');
  }

  async close(): Promise<void> {}

  async #show(job: JobFragment): Promise<void> {
    const before = this.#said.get(job.id);
    const isPast = isOver(job.status) && Date.parse(job.createdAt) < this.#oldest;
    if (before === undefined && isPast) return;
    const said = this.#output === 'json' ? visibleJson(job) : gist(job);
    if (said === before) return;
    this.#said.delete(job.id);
    this.#said.set(job.id, said);
    for (const id of this.#said.keys().take(Math.max(0, this.#said.size - maxKnown))) {
      this.#said.delete(id);
    }
    await this.#screen.print(this.#output === 'json' ? said : this.#line(job));
  }

  #line(job: JobFragment): string {
    const { updatedAt, id, name, status, progress } = job;
    const words = [percentWords(progress), ...progressWords(job)].filter((word) => word !== '');
    const shown = [name, status, words.join(', ')].map((text) => visible(text, { colours: false }));
    shown[1] = this.#screen.paint(styleOf(status), status);
    return [updatedAt, id, ...shown].join('  ').trimEnd();
  }
}

/** What a line tells that is worth a new line. */
function gist({ status, stale, progress }: JobFragment): string {
  return [status, stale, percentWords(progress), progress?.lossNotFinite].join(' ');
}
