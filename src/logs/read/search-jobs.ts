import { codeOf, TrainyardError } from '../../core/errors.ts';
import type { Job, JobFilter } from '../../core/job.ts';
import type { LogFilter } from '../../core/log.ts';
import type { JobStore } from '../../core/store.ts';
import { quote } from '../../lib/text/quote.ts';
import { compileFilter, type LineMatcher } from './filter.ts';
import type { Pace } from './pace.ts';
import { entriesOf, type LogLine } from './page.ts';
import type { LogReader } from './reader.ts';

/** How long one search looks, in milliseconds, by default. */
const defaultMaxMs = 2000;
/** The most matches that are counted in one log. */
const maxMatches = 1000;
/** About the most text of matches that is held at a time, in UTF-16 units. */
const maxChars = 256 * 1024;
/** Jobs that are listed at a time. */
const jobsPerList = 100;

export interface JobsSearch {
  filter: LogFilter;
  jobs: JobFilter;
  /** The most jobs with matches. */
  first: number;
  /** The most lines that are shown of each job. */
  linesPerJob: number;
  /** Where the search before ended; null to begin with the newest job. */
  after: string | null;
  pace: Pick<Pace, 'turn'>;
}

/** The lines of one job's log that match. */
export interface JobMatches {
  job: Job;
  matches: number;
  /** False where more lines may match: the rest was not looked at, or could not be read. */
  isWhole: boolean;
  /** The first of them. */
  lines: LogLine[];
}

export interface JobsFound {
  jobs: JobMatches[];
  /** How many jobs were looked at. */
  searched: number;
  hasMore: boolean;
  /** Where the next search begins; null where none was made. */
  cursor: string | null;
}

/** A place in the order of the search: the line of a job where to go on; null for the next older job. */
interface Place {
  seq: number;
  line: number | null;
}

/** Searches the logs of many jobs, the newest job first. */
export class JobsSearcher {
  readonly #jobs: JobStore;
  readonly #reader: LogReader;
  readonly #maxMs: number;

  constructor(options: { jobs: JobStore; reader: LogReader; maxMs?: number }) {
    this.#jobs = options.jobs;
    this.#reader = options.reader;
    this.#maxMs = options.maxMs ?? defaultMaxMs;
  }

  /**
   * Looks for two seconds at most, and one turn of work at least; `hasMore` says to go on at `cursor`. Of a log that the
   * time did not suffice for, the rest comes with the next search. Throws `BAD_USER_INPUT` for a filter that lets every
   * line pass, and for what is not a cursor.
   */
  async search(request: JobsSearch): Promise<JobsFound> {
    const matcher = compileFilter(request.filter);
    if (matcher === null) {
      throw new TrainyardError(
        'BAD_USER_INPUT',
        'filter lets every line pass; say what to look for.',
      );
    }
    const from = request.after === null ? null : parsePlace(request.after);
    const until = performance.now() + this.#maxMs;
    const found: JobMatches[] = [];
    let searched = 0;
    let place = from;
    for await (const job of this.#from(from, request.jobs)) {
      if (found.length === request.first || (searched > 0 && performance.now() >= until)) {
        return { jobs: found, searched, hasMore: true, cursor: place && formatPlace(place) };
      }
      const line = job.seq === from?.seq ? (from.line ?? 0) : 0;
      const { line: next, ...matches } = await this.#one(job, { ...request, matcher, line, until });
      searched += 1;
      place = { seq: job.seq, line: next };
      if (matches.matches > 0) found.push(matches);
      if (next !== null) {
        return { jobs: found, searched, hasMore: true, cursor: formatPlace(place) };
      }
    }
    return { jobs: found, searched, hasMore: false, cursor: place && formatPlace(place) };
  }

  /** The jobs of a filter, from a place on. */
  async *#from(from: Place | null, filter: JobFilter): AsyncGenerator<Job> {
    let after = from && (from.line === null ? from.seq : from.seq + 1);
    for (;;) {
      const { jobs, hasNextPage } = await this.#jobs.list({ limit: jobsPerList, after, filter });
      yield* jobs;
      after = jobs.at(-1)?.seq ?? null;
      if (!hasNextPage || after === null) return;
    }
  }

  /** Searches one log. `line` is where to go on where the time was over; null where it need not be looked at again. */
  async #one(
    job: Job,
    request: JobsSearch & { matcher: LineMatcher; line: number; until: number },
  ): Promise<JobMatches & { line: number | null }> {
    const { matcher, linesPerJob, pace, until } = request;
    const found: JobMatches = { job, matches: 0, isWhole: true, lines: [] };
    let offset = request.line;
    for (;;) {
      await pace.turn('page');
      const limit = maxMatches - found.matches;
      const page = await this.#reader
        .streamedPage(job.id, { matcher, offset, limit, maxChars })
        .catch(goneOrDamaged);
      if (page === 'gone') return { ...found, line: null };
      if ('damagedTo' in page) {
        found.isWhole = false;
        if (page.damagedTo === null) return { ...found, line: null };
        offset = page.damagedTo;
        continue;
      }
      found.matches += page.lines.length;
      const missing = linesPerJob - found.lines.length;
      if (missing > 0) found.lines.push(...entriesOf(page).slice(0, missing));
      offset = page.nextOffset;
      if (found.matches === maxMatches) {
        return { ...found, isWhole: found.isWhole && offset >= page.total, line: null };
      }
      if (offset >= page.total) return { ...found, line: null };
      if (performance.now() >= until) return { ...found, isWhole: false, line: offset };
    }
  }
}

/** What an error of a page means for a search that goes on: where the lines behind the damaged ones begin. */
function goneOrDamaged(error: unknown): 'gone' | { damagedTo: number | null } {
  if (codeOf(error) === 'NOT_FOUND') return 'gone';
  if (!(error instanceof TrainyardError) || error.code !== 'DATA_DAMAGED') throw error;
  const { nextOffset } = error.details;
  return { damagedTo: typeof nextOffset === 'number' ? nextOffset : null };
}

function formatPlace({ seq, line }: Place): string {
  return Buffer.from(`search:${seq}:${line ?? ''}`).toString('base64url');
}

function parsePlace(cursor: string): Place {
  const text = Buffer.from(cursor, 'base64url').toString();
  const [, seq, line] = /^search:(\d{1,15}):(\d{0,10})$/.exec(text) ?? [];
  if (seq !== undefined) return { seq: Number(seq), line: line ? Number(line) : null };
  throw new TrainyardError(
    'BAD_USER_INPUT',
    `after is ${quote(cursor)}; it must be the cursor of a search, unaltered.`,
  );
}
