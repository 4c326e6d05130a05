import {
  FindMatchesDocument,
  type GraphError,
  type LogFilter,
  OffsetsInLogDocument,
} from '@trainyard/client';
import type { Graph } from '../graph/graph.ts';
import { asProblem } from '../graph/problem.ts';
import { Value } from '../graph/value.ts';

/** The most matches that are counted. */
const maxCounted = 5_000;

export interface MatchesState {
  /** The numbers of the lines that match, as far as they are known. */
  offsets: readonly number[];
  /** Lines up to here were counted. */
  searched: number;
  /** All lines were counted. */
  isWhole: boolean;
  error: GraphError | null;
}

/** The lines of a log that pass a filter: counted from the first one on, and found from any place in both directions. */
export class Matches {
  readonly state = new Value<MatchesState>({
    offsets: [],
    searched: 0,
    isWhole: false,
    error: null,
  });
  readonly #graph: Graph;
  readonly #jobId: string;
  readonly #filter: LogFilter;
  readonly #stop = new AbortController();
  #isCounting = false;

  constructor(options: { graph: Graph; jobId: string; filter: LogFilter }) {
    this.#graph = options.graph;
    this.#jobId = options.jobId;
    this.#filter = options.filter;
    void this.#count();
  }

  /** Ends the search. */
  close(): void {
    this.#stop.abort();
  }

  /** The first match behind a line; null where there is none, or where the search was ended. */
  async next(line: number): Promise<number | null> {
    const { offsets, searched } = this.state.get();
    const known = offsets.find((offset) => offset > line);
    if (known !== undefined) return known;
    // The log may have grown since they were counted.
    return this.#nearest({ after: Math.max(line, searched - 1) });
  }

  /** The last match before a line. */
  async previous(line: number): Promise<number | null> {
    const { offsets, searched } = this.state.get();
    if (line <= searched) return offsets.findLast((offset) => offset < line) ?? null;
    return this.#nearest({ before: line });
  }

  /** The nearest match in one direction; one call looks at a part of a long log. */
  async #nearest(from: { after: number } | { before: number }): Promise<number | null> {
    let place = from;
    for (;;) {
      // The first line of all is behind no other.
      const isWhole = 'after' in place && place.after < 0;
      const { logMatches: found } = await this.#graph.query(FindMatchesDocument, {
        jobId: this.#jobId,
        filter: this.#filter,
        ...(isWhole ? {} : place),
      });
      if (!found) throw new Error('The server sent no matches.');
      const [match] = found.matches;
      if (match) return match.line.offset;
      if (!found.hasMore || this.#stop.signal.aborted) return null;
      place = 'after' in place ? { after: found.searchedTo - 1 } : { before: found.searchedFrom };
    }
  }

  /** The log has grown: what has come is counted, too. */
  grow(): void {
    if (this.state.get().isWhole) void this.#count();
  }

  async #count(): Promise<void> {
    if (this.#isCounting) return;
    this.#isCounting = true;
    try {
      for (;;) {
        const { offsets, searched } = this.state.get();
        const page = await this.#page(searched, maxCounted);
        if (this.#stop.signal.aborted) return;
        const found = page.entries.map(({ offset }) => offset);
        const all = [...offsets, ...found.filter((offset) => offset < page.total)];
        const isMany = all.length >= maxCounted;
        const isWhole = !page.hasMore && !isMany;
        const isSame = found.length === 0 && page.nextOffset === searched;
        if (!isSame || !this.state.get().isWhole) {
          const next = { searched: page.nextOffset, isWhole, error: null };
          this.state.set({ offsets: found.length > 0 ? all : offsets, ...next });
        }
        if (!page.hasMore || isMany) return;
      }
    } catch (error) {
      this.state.set({ ...this.state.get(), error: asProblem(error) });
    } finally {
      this.#isCounting = false;
    }
  }

  async #page(offset: number, limit: number) {
    const variables = { jobId: this.#jobId, offset, limit, filter: this.#filter };
    const { logs } = await this.#graph.query(OffsetsInLogDocument, variables);
    if (!logs) throw new Error('The server sent no page.');
    return logs;
  }
}

/** `3 of 15`, as far as it is known. */
export function matchCount(state: MatchesState, line: number | null): string {
  const { offsets, isWhole } = state;
  const at = line === null ? -1 : offsets.indexOf(line);
  const many = offsets.length >= maxCounted ? `${maxCounted.toLocaleString('en')}+` : '';
  if (!isWhole && !many) return '';
  if (offsets.length === 0) return 'no match';
  const all = many || offsets.length.toLocaleString('en');
  return at === -1 ? `${all} ${offsets.length === 1 ? 'match' : 'matches'}` : `${at + 1} of ${all}`;
}
