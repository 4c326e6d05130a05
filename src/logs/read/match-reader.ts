import { codeOf, TrainyardError } from '../../core/errors.ts';
import {
  type LogFilter,
  type LogNotice,
  maxLines,
  maxPageChars,
  type PlacedBlock,
} from '../../core/log.ts';
import type { JobStore, LogStore } from '../../core/store.ts';
import { quote } from '../../lib/text/quote.ts';
import { plainText } from '../../lines/plain-text.ts';
import { damagedLogNotice } from '../damaged-log.ts';
import type { UnstoredLogs } from '../unstored-logs.ts';
import { compileFilter, type LineMatcher } from './filter.ts';
import type { TextRange } from './match-ranges.ts';
import type { Pace } from './pace.ts';
import { entriesOf, type LogLine } from './page.ts';
import type { PageRoom } from './page-room.ts';
import { searchLog } from './search.ts';

/** The most matches of one call, and the most lines on each side of a match. */
export const maxMatches = 100;
export const maxAround = 20;
/** How long one call searches at most, in milliseconds. */
const maxSearchMs = 2000;

export interface MatchRequest {
  filter: LogFilter;
  /** Only lines behind this one; from the first line on where neither is given. */
  after: number | null;
  /** Only lines before this one, and backwards; one beyond the end is the end. */
  before: number | null;
  limit: number;
  around: number;
  pace: Pace;
  room: PageRoom;
}

/** A line that passes a filter. */
export interface LogMatch {
  line: LogLine;
  /** The line without its escape sequences, as it was searched. */
  text: string;
  ranges: readonly TextRange[];
  linesBefore: readonly LogLine[];
  linesAfter: readonly LogLine[];
}

export interface LogMatches {
  readonly jobId: string;
  /** The nearest first. */
  readonly matches: readonly LogMatch[];
  readonly searchedFrom: number;
  readonly searchedTo: number;
  readonly hasMore: boolean;
  readonly total: number;
  readonly complete: boolean;
  readonly notice: LogNotice | null;
}

/** Finds the nearest matches behind or before any line of a log. */
export class MatchReader {
  readonly #jobs: JobStore;
  readonly #logs: LogStore;
  readonly #unstored: UnstoredLogs;
  readonly #damaged: (jobId: string, line: number) => void;

  /** `damaged` is called for each damaged line that a search would begin with. */
  constructor(
    store: { jobs: JobStore; logs: LogStore },
    options: { unstored: UnstoredLogs; damaged: (jobId: string, line: number) => void },
  ) {
    this.#jobs = store.jobs;
    this.#logs = store.logs;
    this.#unstored = options.unstored;
    this.#damaged = options.damaged;
  }

  /** Errors: as `LogReader.page`, and `BAD_USER_INPUT` for a filter that every line passes. */
  async find(jobId: string, request: MatchRequest): Promise<LogMatches> {
    const { after, before, limit, around, pace, room } = checked(request);
    const matcher = compileFilter(request.filter);
    if (matcher === null) throw refused('filter lets every line pass: say what to look for.');
    await pace.turn('page');
    const [job, extent] = await Promise.all([this.#jobs.get(jobId), this.#logs.extent(jobId)]);
    if (!job) throw new TrainyardError('NOT_FOUND', `There is no job ${quote(jobId)}.`);
    const { total, complete, isProven } = extent;
    const backwards = before !== null;
    const offset = backwards ? Math.min(before, total) : (after ?? -1) + 1;
    const found = await searchLog(this.#logs, jobId, {
      ...{ matcher, offset, backwards, total, limit },
      maxChars: Math.min(room.left, maxPageChars),
      showStanding: true,
      async mayGoOn(startedAt) {
        await pace.turn('page');
        return performance.now() - startedAt < maxSearchMs;
      },
    }).catch((error: unknown) => {
      const line = backwards ? offset - 1 : offset;
      if (codeOf(error) === 'DATA_DAMAGED' && isProven) this.#damaged(jobId, line);
      throw error;
    });
    room.take(charsOf(found.block));
    const { nextOffset } = found;
    const matches = await this.#matches(jobId, { ...found, matcher, around, total, pace, room });
    const [searchedFrom, searchedTo] = backwards ? [nextOffset, offset] : [offset, nextOffset];
    const hasMore = backwards ? nextOffset > 0 : nextOffset < total || !isProven;
    const notice = isProven
      ? (this.#unstored.noticeOf(jobId) ?? job.notice)
      : damagedLogNotice(jobId);
    return { jobId, matches, searchedFrom, searchedTo, hasMore, total, complete, notice };
  }

  async #matches(
    jobId: string,
    {
      block,
      offsets,
      matcher,
      ...context
    }: { block: PlacedBlock; offsets: number[]; matcher: LineMatcher } & Context,
  ): Promise<LogMatch[]> {
    const lines = entriesOf(pageOf(block, offsets));
    const matches: LogMatch[] = [];
    for (const line of lines) {
      const text = plainText(line.text);
      const { offset } = line;
      const linesBefore = await this.#lines(jobId, [offset - context.around, offset], context);
      const end = Math.min(offset + 1 + context.around, context.total);
      const linesAfter = await this.#lines(jobId, [offset + 1, end], context);
      matches.push({ line, text, ranges: matcher.ranges(text), linesBefore, linesAfter });
    }
    return matches;
  }

  /** The lines from `from` up to `end`, but for those that are damaged: their numbers show which are missing. */
  async #lines(
    jobId: string,
    [from, end]: [number, number],
    { pace, room }: Context,
  ): Promise<LogLine[]> {
    const lines: LogLine[] = [];
    let offset = Math.max(0, from);
    while (offset < end && room.left > 0) {
      await pace.turn('page');
      try {
        const limit = end - offset;
        const block = await this.#logs.read(jobId, { offset, limit, maxChars: room.left });
        if (block.lines.length === 0) break;
        room.take(charsOf(block));
        lines.push(...entriesOf(pageOf(block, null)));
        offset += block.lines.length;
      } catch (error) {
        const next = nextSound(error);
        if (next === null || next <= offset) throw error;
        offset = next;
      }
    }
    return lines;
  }
}

interface Context {
  around: number;
  total: number;
  pace: Pace;
  room: PageRoom;
}

function checked(request: MatchRequest): MatchRequest {
  const { after, before, limit, around } = request;
  if (after !== null && before !== null) {
    throw refused('after and before cannot both be given: a search has one direction.');
  }
  const bounds = {
    after: [after ?? 0, 0, maxLines],
    before: [before ?? 0, 0, maxLines],
    limit: [limit, 1, maxMatches],
    around: [around, 0, maxAround],
  } as const;
  for (const [name, [value, least, most]] of Object.entries(bounds)) {
    if (value < least || value > most) {
      throw refused(`${name} is ${value}; it must be between ${least} and ${most}.`);
    }
  }
  return request;
}

function refused(message: string): TrainyardError {
  return new TrainyardError('BAD_USER_INPUT', message);
}

/** Where sound lines begin again; null for an error that does not say so. */
function nextSound(error: unknown): number | null {
  if (!(error instanceof TrainyardError) || error.code !== 'DATA_DAMAGED') return null;
  const { nextOffset } = error.details;
  return typeof nextOffset === 'number' ? nextOffset : null;
}

function pageOf({ first, lines, runs }: PlacedBlock, offsets: number[] | null) {
  return { lines, runs, offsets, offset: first, growing: null };
}

function charsOf({ lines }: PlacedBlock): number {
  return lines.reduce((sum, text) => sum + text.length, 0);
}
