import { type GraphError, type LogFilter, OffsetsInLogDocument } from '@trainyard/client';
import type { Graph } from '../graph/graph.ts';
import { asProblem } from '../graph/problem.ts';
import { Value } from '../graph/value.ts';

/** The most matches that are counted. */
const maxCounted = 5_000;
/** How far before a place the last match is looked for at first; four times as far each time. */
const firstWindow = 5_000;

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
    for (let at = Math.max(line + 1, searched); ; ) {
      const page = await this.#page(at, 1);
      const [first] = page.entries;
      if (first) return first.offset;
      if (!page.hasMore || this.#stop.signal.aborted) return null;
      at = page.nextOffset;
    }
  }

  /** The last match before a line. */
  async previous(line: number): Promise<number | null> {
    const { offsets, searched, isWhole } = this.state.get();
    const known = offsets.findLast((offset) => offset < line);
    if (isWhole || line <= searched) return known ?? null;
    for (let end = line, size = firstWindow; end > 0; size *= 4) {
      const start = Math.max(0, end - size);
      const found = await this.#lastIn(start, end);
      if (found !== null || this.#stop.signal.aborted) return found;
      end = start;
    }
    return null;
  }

  async #lastIn(start: number, end: number): Promise<number | null> {
    let last: number | null = null;
    for (let at = start; at < end; ) {
      const page = await this.#page(at, 1_000);
      for (const { offset } of page.entries) if (offset < end) last = offset;
      at = page.nextOffset;
      if (!page.hasMore || this.#stop.signal.aborted) break;
    }
    return last;
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
