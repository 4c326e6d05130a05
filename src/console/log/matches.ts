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
    const { offsets, searched, isWhole } = this.state.get();
    const known = offsets.find((offset) => offset > line);
    if (known !== undefined || isWhole) return known ?? null;
    return this.#nearest({ after: Math.max(line, searched - 1) });
  }

  /** The last match before a line. */
  async previous(line: number): Promise<number | null> {
    const { offsets, searched, isWhole } = this.state.get();
    const known = offsets.findLast((offset) => offset < line);
    if (isWhole || line <= searched) return known ?? null;
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

  async #count(): Promise<void> {
    try {
      const offsets: number[] = [];
      for (let at = 0; ; ) {
        const page = await this.#page(at, maxCounted);
        if (this.#stop.signal.aborted) return;
        for (const { offset } of page.entries) if (offset < page.total) offsets.push(offset);
        at = page.nextOffset;
        const isWhole = !page.hasMore && offsets.length < maxCounted;
        this.state.set({ offsets: [...offsets], searched: at, isWhole, error: null });
        if (!page.hasMore || offsets.length >= maxCounted) return;
      }
    } catch (error) {
      this.state.set({ ...this.state.get(), error: asProblem(error) });
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
