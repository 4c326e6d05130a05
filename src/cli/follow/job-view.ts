import {
  type JobFragment,
  JobUpdatedDocument,
  type JobUpdatedSubscription,
} from '@trainyard/client';
import { print } from 'graphql/language/printer.js';
import type { Client } from 'graphql-ws/client';
import { isOver } from '../../core/job.ts';
import { waitMs } from '../../lib/async/wait.ts';
import { statusLine } from '../screen/progress.ts';
import type { Screen } from '../screen/screen.ts';
import { visible } from '../screen/visible.ts';
import type { Notices } from './notices.ts';

/** The pause before a subscription that ended is opened again. */
const retryMs = 1000;
/** A lost connection is told again so often where there is no status line. */
const remarkMs = 60_000;

/** The state of a followed job: a status line or, without one, a remark at each change of its status. */
export class JobView {
  readonly #screen: Screen;
  readonly #notices: Notices;
  readonly #redraw: () => void;
  readonly #label: string;
  #job: JobFragment;
  #remark: string | null = null;
  #remarkedAt = Number.NEGATIVE_INFINITY;

  /** `redraw` is called when the line has changed; `label` stands before what is remarked. */
  constructor(
    screen: Screen,
    job: JobFragment,
    options: { notices: Notices; redraw: () => void; label?: string },
  ) {
    this.#screen = screen;
    this.#notices = options.notices;
    this.#redraw = options.redraw;
    this.#label = options.label ?? '';
    this.#job = job;
  }

  get job(): JobFragment {
    return this.#job;
  }

  /** The status line, at most so many characters. */
  line(columns: number): string {
    return statusLine(this.#screen, this.#job, { columns, remark: this.#remark });
  }

  update({ logs, ...job }: JobUpdatedSubscription['jobUpdated']): void {
    this.#notices.show(logs?.notice ?? null);
    const changed = job.status !== this.#job.status;
    this.#job = job;
    this.#redraw();
    // The end of the job is shown after the end of its log.
    if (changed && !this.#screen.live && !isOver(job.status)) {
      this.#screen.note(this.#label + job.status);
    }
  }

  /** Shows a remark about the connection; null takes it away, because the connection stands again. */
  remark(text: string | null): void {
    this.#remark = text === null ? null : visible(text, { colours: false });
    this.#redraw();
    if (this.#screen.live) return;
    const now = performance.now();
    if (text !== null && now - this.#remarkedAt < remarkMs) return;
    this.#remarkedAt = text === null ? Number.NEGATIVE_INFINITY : now;
    this.#screen.note(this.#remark ?? 'connected again');
  }
}

/** Updates a view, across lost connections, until its job is over or the signal is aborted. */
export async function watchJob(client: Client, view: JobView, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && !isOver(view.job.status)) {
    await watchOnce(client, view, signal);
    if (!isOver(view.job.status)) await waitMs(retryMs, signal);
  }
}

/** Resolves when the subscription ends for whatever reason. Errors are shown by those who follow the log. */
async function watchOnce(client: Client, view: JobView, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = () => resolve();
  const unsubscribe = client.subscribe<JobUpdatedSubscription>(
    { query: print(JobUpdatedDocument), variables: { id: view.job.id } },
    { next: ({ data }) => data && view.update(data.jobUpdated), error: end, complete: end },
  );
  signal.addEventListener('abort', end);
  if (signal.aborted) end();
  await promise;
  signal.removeEventListener('abort', end);
  unsubscribe();
}
