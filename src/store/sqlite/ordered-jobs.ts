import { TrainyardError } from '../../core/errors.ts';
import type { JobPlace, OrderedJobPage, OrderedListOptions } from '../../core/store.ts';
import type { Connection } from './connection.ts';
import { type Matching, matches, matchingOf } from './job-filter.ts';
import { type JobRow, jobOf } from './job-row.ts';

/** The most jobs that are put in order at once, which takes some tens of milliseconds. */
const maxOrdered = 10_000;

/** What each order goes by; NULL for a job that has no such value yet. Durations of jobs that run count until @now. */
const values = {
  FINISHED: 'finished_at',
  DURATION: 'coalesce(finished_at, @now) - started_at',
  LOSS: "json_extract(progress, '$.loss')",
} as const;

/** Pages of jobs in another order than that of their creation. */
export class OrderedJobs {
  readonly #sql: ReturnType<typeof prepare>;

  constructor(connection: Connection) {
    this.#sql = prepare(connection);
  }

  /** As `JobStore.listOrdered` promises; within a read. */
  page({ order, limit, after, before, fromEnd, filter, now }: OrderedListOptions): OrderedJobPage {
    const matching = matchingOf(filter);
    const totalCount = this.#sql.count.get(matching) ?? 0;
    if (totalCount > maxOrdered) {
      throw new TrainyardError(
        'BAD_USER_INPUT',
        `${totalCount} jobs pass the filter; at most ${maxOrdered} can be put in this order. Choose fewer, by time or by tag.`,
      );
    }
    const compare = order.descending ? descending : ascending;
    const all = this.#sql[order.by].all({ ...matching, now }).sort(compare);
    const first = after ? indexOf(all, (one) => compare(one, after) > 0) : 0;
    const end = before ? indexOf(all, (one) => compare(one, before) >= 0) : all.length;
    const within = all.slice(first, Math.max(first, end));
    const from = fromEnd ? Math.max(0, within.length - limit) : 0;
    const page = within.slice(from, from + limit);
    const rows = page.map(({ seq }) => this.#sql.job.get(seq)).filter((row) => row !== undefined);
    return {
      jobs: rows.map(jobOf),
      values: page.map(({ value }) => value),
      hasPreviousPage: first + from > 0,
      hasNextPage: first + from + page.length < all.length,
      totalCount,
    };
  }
}

/** The least value first; jobs without one last; of equal ones the newest first. */
function ascending(one: JobPlace, other: JobPlace): number {
  return byPresence(one, other) || (one.value ?? 0) - (other.value ?? 0) || other.seq - one.seq;
}

/** The greatest value first; jobs without one last, too. */
function descending(one: JobPlace, other: JobPlace): number {
  return byPresence(one, other) || (other.value ?? 0) - (one.value ?? 0) || other.seq - one.seq;
}

function byPresence(one: JobPlace, other: JobPlace): number {
  return Number(one.value === null) - Number(other.value === null);
}

/** Where the first one is that passes; behind all where none does. */
function indexOf(all: readonly JobPlace[], passes: (one: JobPlace) => boolean): number {
  const at = all.findIndex(passes);
  return at === -1 ? all.length : at;
}

function prepare({ db }: Connection) {
  const ordered = (by: keyof typeof values) =>
    db.prepare<Matching & { now: number }, JobPlace>(`
      SELECT seq, ${values[by]} AS value FROM jobs WHERE ${matches}`);
  return {
    FINISHED: ordered('FINISHED'),
    DURATION: ordered('DURATION'),
    LOSS: ordered('LOSS'),
    count: db
      .prepare<Matching, number>(
        `SELECT count(*) FROM jobs INDEXED BY jobs_overview WHERE ${matches}`,
      )
      .pluck(),
    job: db.prepare<[number], JobRow>('SELECT * FROM whole_jobs WHERE seq = ?'),
  };
}
