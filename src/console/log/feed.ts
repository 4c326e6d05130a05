import {
  followLog,
  type GraphError,
  LengthOfLogDocument,
  type LogEntriesFragment,
  LogEntriesPageDocument,
  type LogFilter,
} from '@trainyard/client';
import type { Graph } from '../graph/graph.ts';
import { asProblem } from '../graph/problem.ts';
import type { LogLines } from './lines.ts';

/** Lines that come at first, and when somebody begins to follow again. */
const firstLines = 200;
/** Somebody who is so many lines behind sees the end instead; what was left out comes when it is looked at. */
const maxBehind = 5_000;

/** Brings a log's lines while somebody follows them, and only its length while nobody does. */
export class LogFeed {
  readonly #graph: Graph;
  readonly #jobId: string;
  readonly #lines: LogLines;
  readonly #failed: (error: GraphError) => void;
  #isFollowing = false;
  #stop = new AbortController();
  #isClosed = false;

  constructor(options: {
    graph: Graph;
    jobId: string;
    lines: LogLines;
    failed: (error: GraphError) => void;
  }) {
    this.#graph = options.graph;
    this.#jobId = options.jobId;
    this.#lines = options.lines;
    this.#failed = options.failed;
    document.addEventListener('visibilitychange', this.#restart);
  }

  /** Reads the lines around a line, or else the last ones. */
  async open(line: number | null): Promise<void> {
    const offset = line === null ? -firstLines : Math.max(0, line - firstLines / 2);
    this.#lines.put(await readPage(this.#graph, { jobId: this.#jobId, offset, limit: firstLines }));
  }

  follow(isFollowing: boolean): void {
    this.#isFollowing = isFollowing;
    this.#restart();
  }

  close(): void {
    this.#isClosed = true;
    this.#stop.abort();
    document.removeEventListener('visibilitychange', this.#restart);
  }

  #restart = (): void => {
    this.#stop.abort();
    if (this.#isClosed || this.#lines.complete) return;
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    // Nobody sees the lines of a hidden page.
    if (!this.#isFollowing || document.hidden) this.#followLength(signal);
    else void this.#followLines(Math.max(0, this.#lines.total - firstLines), signal);
  };

  async #followLines(offset: number, signal: AbortSignal): Promise<void> {
    const { socket } = this.#graph;
    const request = { client: socket, jobId: this.#jobId, entries: true, signal } as const;
    try {
      let from = offset;
      while (!signal.aborted) {
        let isBehind = false;
        for await (const page of followLog({ ...request, offset: from })) {
          this.#lines.put(page);
          isBehind = page.total - page.nextOffset > maxBehind;
          if (isBehind) break;
        }
        if (!isBehind) return;
        from = -firstLines;
      }
    } catch (error) {
      this.#failed(asProblem(error));
    }
  }

  #followLength(signal: AbortSignal): void {
    const variables = { jobId: this.#jobId, offset: this.#lines.total };
    const stop = this.#graph.follow(LengthOfLogDocument, variables, {
      next: ({ logStream: { total, complete } }) => this.#lines.grow(total, complete),
      failed: this.#failed,
    });
    signal.addEventListener('abort', stop);
  }
}

export interface PageRequest {
  jobId: string;
  offset: number;
  limit: number;
  filter?: LogFilter;
}

/** Reads a page of a log. Rejects with a `GraphError`. */
export async function readPage(graph: Graph, request: PageRequest): Promise<LogEntriesFragment> {
  const { logs } = await graph.query(LogEntriesPageDocument, request);
  if (!logs) throw new Error('The server sent no page.');
  return logs;
}
