import {
  type GraphError,
  JobChangedDocument,
  JobCountsDocument,
  type JobFragment,
  JobsDocument,
} from '@trainyard/client';
import type { Graph } from '../graph/graph.ts';
import { asProblem } from '../graph/problem.ts';
import { Value } from '../graph/value.ts';
import { isIn, statesOf, type Tab, tabOf } from './tabs.ts';

/** How many jobs a page brings. */
const pageSize = 50;
/** Changes are shown together, so often in milliseconds. */
const showMs = 100;
/** Jobs that come at the same time are counted together, so many milliseconds later. */
const countMs = 500;

export interface ListFilter {
  tab: Tab;
  search: string;
  /** One provider's name; empty for all. */
  provider: string;
  /** One tag; empty for all jobs. */
  tag: string;
}

export type Totals = Record<Tab, number>;

export interface ListState {
  /** Newest first; null until they are known. */
  rows: readonly JobFragment[] | null;
  /** How many new jobs wait to be shown. */
  waiting: number;
  totals: Totals | null;
  /** There are older jobs on the server. */
  hasMore: boolean;
  error: GraphError | null;
}

/** The jobs that pass a filter, live. A row keeps its place while its job changes, also into a state without this tab. */
export class JobList {
  readonly state = new Value<ListState>({
    rows: null,
    waiting: 0,
    totals: null,
    hasMore: false,
    error: null,
  });
  /** While this is true, new jobs wait, so that nothing moves under a pointer. */
  isHeld = false;
  readonly #graph: Graph;
  readonly #filter: ListFilter;
  /** All that is known by id, shown or not. */
  readonly #jobs = new Map<string, JobFragment>();
  readonly #shown = new Set<string>();
  readonly #waiting = new Set<string>();
  #totals: Totals | null = null;
  #after: string | null = null;
  #hasMore = false;
  #stop: () => void = () => {};
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(graph: Graph, filter: ListFilter) {
    this.#graph = graph;
    this.#filter = filter;
  }

  /** Reads the newest jobs, and follows all changes from then on. */
  async open(): Promise<void> {
    try {
      await Promise.all([this.more(), this.#count()]);
      if (!this.#isClosed) this.#follow();
    } catch (error) {
      this.#fail(asProblem(error));
    }
  }

  /** Reads a page of older jobs. */
  async more(): Promise<void> {
    const { tab } = this.#filter;
    const filter = { ...this.#conditions(), statuses: statesOf(tab) };
    const answer = await this.#graph.query(JobsDocument, {
      first: pageSize,
      after: this.#after,
      filter,
    });
    const { edges = [], pageInfo } = answer.jobs ?? {};
    for (const { node } of edges) {
      this.#jobs.set(node.id, node);
      this.#shown.add(node.id);
    }
    this.#after = pageInfo?.endCursor ?? this.#after;
    this.#hasMore = pageInfo?.hasNextPage ?? false;
    this.#show();
  }

  /** Shows the jobs that waited. */
  showNew(): void {
    for (const id of this.#waiting) this.#shown.add(id);
    this.#waiting.clear();
    this.#show();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#stop();
  }

  #conditions() {
    const { search, provider, tag } = this.#filter;
    return {
      search: search || null,
      providers: provider ? [provider] : null,
      tags: tag ? [tag] : null,
    };
  }

  #follow(): void {
    // All states: what is counted is more than what is shown.
    const filter = this.#conditions();
    this.#stop = this.#graph.follow(
      JobChangedDocument,
      { filter },
      {
        next: ({ jobChanged: change }) => {
          if ('job' in change) this.#take(change.job);
          else this.#drop(change.deletedJobId);
        },
        failed: (error) => {
          // This page was away for so long that it has to begin again.
          if (error.code === 'CONFLICT') this.#reopen();
          else this.#fail(error);
        },
      },
    );
  }

  #reopen(): void {
    this.#jobs.clear();
    this.#shown.clear();
    this.#waiting.clear();
    this.#after = null;
    this.#stop();
    void this.open();
  }

  #take(job: JobFragment): void {
    const known = this.#jobs.get(job.id);
    this.#recount(known, job);
    this.#jobs.set(job.id, job);
    if (!known && isIn(this.#filter.tab, job.status)) {
      const isNew = this.#isNewest(job);
      (isNew && this.isHeld ? this.#waiting : this.#shown).add(job.id);
    } else if (known && !this.#shown.has(job.id) && isIn(this.#filter.tab, job.status)) {
      (this.isHeld ? this.#waiting : this.#shown).add(job.id);
    }
    this.#showSoon();
  }

  #drop(id: string): void {
    const known = this.#jobs.get(id);
    if (known) this.#recount(known, undefined);
    else this.#countSoon();
    this.#jobs.delete(id);
    this.#shown.delete(id);
    this.#waiting.delete(id);
    this.#showSoon();
  }

  #isNewest(job: JobFragment): boolean {
    for (const id of this.#shown) {
      const shown = this.#jobs.get(id);
      if (shown && shown.createdAt > job.createdAt) return false;
    }
    return true;
  }

  /** Totals follow what is known; a job that was not known is counted by the server. */
  #recount(before: JobFragment | undefined, now: JobFragment | undefined): void {
    if (!before || this.#isCounting) this.#countSoon();
    else if (this.#totals && before.status !== now?.status) {
      const totals = { ...this.#totals };
      totals[tabOf(before.status)] -= 1;
      if (now) totals[tabOf(now.status)] += 1;
      else totals.all -= 1;
      this.#totals = totals;
    }
  }

  #isCounting = false;
  /** Something has changed that the count under way may not have in it. */
  #isStale = false;
  #countSoon(): void {
    this.#isStale = this.#isCounting;
    if (this.#isCounting) return;
    this.#isCounting = true;
    setTimeout(async () => {
      if (this.#isClosed) return;
      this.#isStale = false;
      // Where it fails, the next change counts again.
      await this.#count().catch(() => {});
      this.#isCounting = false;
      if (this.#isStale) this.#countSoon();
    }, countMs);
  }

  async #count(): Promise<void> {
    const filter = this.#conditions();
    const { jobCounts } = await this.#graph.query(JobCountsDocument, { filter });
    const totals = { all: 0, running: 0, queued: 0, completed: 0, failed: 0, cancelled: 0 };
    for (const { status, count } of jobCounts ?? []) {
      totals[tabOf(status)] += count;
      totals.all += count;
    }
    this.#totals = totals;
    this.#showSoon();
  }

  #showSoon(): void {
    this.#timer ??= setTimeout(() => this.#show(), showMs);
  }

  #show(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#isClosed) return;
    const rows = [...this.#shown].flatMap((id) => this.#jobs.get(id) ?? []);
    rows.sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
    this.state.set({
      rows,
      waiting: this.#waiting.size,
      totals: this.#totals,
      hasMore: this.#hasMore,
      error: null,
    });
  }

  #fail(error: GraphError): void {
    if (!this.#isClosed) this.state.set({ ...this.state.get(), error });
  }
}
