import type { GraphError, LogEntriesFragment, LogFilter } from '@trainyard/client';
import type { Graph } from '../graph/graph.ts';
import { asProblem } from '../graph/problem.ts';
import { Value } from '../graph/value.ts';
import { LogFeed, readPage } from './feed.ts';
import { FilteredLines } from './filtered-lines.ts';
import { LogLines } from './lines.ts';
import type { LineRange } from './row-elements.ts';
import { LogViewport } from './viewport.ts';

/** How often what is said about the view changes, in milliseconds. */
const tellMs = 100;
/** Where in the view a line comes that was asked for: a third down, with what led to it above. */
const third = 0.3;

export interface ScreenState {
  isOpen: boolean;
  /** The first and last row that are seen. */
  seen: LineRange;
  /** How many lines the log has. */
  total: number;
  isComplete: boolean;
  isFollowing: boolean;
  /** How many lines came since somebody ceased to follow. */
  fresh: number;
  marked: LineRange | null;
  /** With a filter: how many lines pass it, as far as they were read. */
  filtered: { shown: number; searched: number; hasMore: boolean; isFull: boolean } | null;
  said: string;
  /** Why lines may be missing. */
  notice: LogEntriesFragment['notice'];
  error: GraphError | null;
}

/** One log on the screen: its lines, what brings them, and the viewport that shows all of them or those of a filter. */
export class LogScreen {
  readonly state = new Value<ScreenState>({
    isOpen: false,
    seen: [0, 0],
    total: 0,
    isComplete: false,
    isFollowing: false,
    fresh: 0,
    marked: null,
    filtered: null,
    said: '',
    notice: null,
    error: null,
  });
  readonly viewport: LogViewport;
  readonly #graph: Graph;
  readonly #jobId: string;
  readonly #lines: LogLines;
  readonly #feed: LogFeed;
  #filtered: FilteredLines | null = null;
  /** Where one is, for when a filter that lets no line pass is taken away. */
  #line = 0;
  /** As it is now, which the state may tell a little later. */
  #marked: LineRange | null = null;
  /** Whether the last page that was asked for did not come. */
  #hasFailed = false;
  #totalSeen = 0;
  #told = 0;
  #telling: ReturnType<typeof setTimeout> | undefined;
  #next: Partial<ScreenState> = {};

  constructor(options: {
    graph: Graph;
    jobId: string;
    element: HTMLElement;
    marked: (range: LineRange | null) => void;
  }) {
    const { graph, jobId, element, marked } = options;
    this.#graph = graph;
    this.#jobId = jobId;
    this.#lines = new LogLines(
      (offset, limit) => this.#read({ offset, limit }),
      () => this.#grown(),
    );
    const failed = (error: GraphError) => this.#say({ error });
    this.#feed = new LogFeed({ graph, jobId, lines: this.#lines, failed });
    this.viewport = new LogViewport(element, this.#lines, {
      moved: (first, last) => this.#say({ seen: [first, last] }),
      followed: (isFollowing) => {
        this.#totalSeen = this.#lines.total;
        this.#say({ isFollowing, fresh: 0 });
        this.#feed.follow(isFollowing && !this.#filtered);
      },
      marked: (range) => {
        this.#marked = range;
        this.#say({ marked: range });
        marked(range);
      },
      said: (said) => this.#say({ said }),
    });
  }

  /** Reads a page. Whoever scrolls does not wait for pages, so what fails is told here, until one comes again. */
  async #read(request: Omit<Parameters<typeof readPage>[1], 'jobId'>) {
    try {
      const page = await readPage(this.#graph, { jobId: this.#jobId, ...request });
      if (this.#hasFailed) this.#say({ error: null });
      this.#hasFailed = false;
      return page;
    } catch (error) {
      this.#hasFailed = true;
      this.#say({ error: asProblem(error) });
      throw error;
    }
  }

  /** Shows the lines that are marked, or else the end: live while the log grows. */
  async open(range: LineRange | null): Promise<void> {
    try {
      await this.#feed.open(range?.[0] ?? null);
    } catch (error) {
      this.#say({ isOpen: true, error: asProblem(error) });
      return;
    }
    this.#say({ isOpen: true });
    if (range) this.goTo(range);
    else this.viewport.toEnd();
    if (!this.viewport.isFollowing) this.#feed.follow(false);
  }

  /** Shows these lines marked. Null takes the mark away. */
  goTo(range: LineRange | null): void {
    this.#marked = range;
    this.viewport.mark(range);
    this.#say({ marked: range });
    if (range) this.viewport.jump(this.#rows.indexOf(range[0]), third);
  }

  /** The line at which a search begins. */
  get line(): number {
    return this.#marked?.[0] ?? this.#rows.lineOf(this.viewport.place) ?? 0;
  }

  /** Shows only the lines that pass a filter; null for all, at the same place. */
  filter(filter: LogFilter | null): void {
    this.#line = this.#rows.lineOf(this.viewport.place) ?? this.#line;
    const isSame = filter === null && this.#filtered === null;
    if (isSame) return;
    this.viewport.follow(false);
    if (filter === null) {
      this.#filtered = null;
      this.viewport.show(this.#lines);
      this.viewport.jump(this.#line);
      this.#say({ filtered: null });
      return;
    }
    const lines: FilteredLines = new FilteredLines(
      (offset, limit) => this.#read({ offset, limit, filter }),
      () => this.#filteredGrown(lines),
    );
    this.#filtered = lines;
    this.viewport.show(lines);
    this.viewport.mark(this.#marked);
    this.#filteredGrown(lines);
    void lines.want(0, 1).catch(() => {});
  }

  /** The text of some lines. */
  async text([first, last]: LineRange): Promise<string> {
    await this.#lines.want(first, last + 1);
    const texts: string[] = [];
    for (let line = first; line <= last; line += 1) texts.push(this.#lines.row(line)?.text ?? '');
    return texts.join('\n');
  }

  close(): void {
    clearTimeout(this.#telling);
    this.#feed.close();
    this.viewport.close();
  }

  get #rows() {
    return this.#filtered ?? this.#lines;
  }

  #grown(): void {
    const { total, complete, notice } = this.#lines;
    const { isFollowing } = this.state.get();
    const fresh = isFollowing ? 0 : total - this.#totalSeen;
    // At first, all are new.
    if (!this.state.get().isOpen) this.#totalSeen = total;
    this.#say({ total, isComplete: complete, notice, fresh: this.state.get().isOpen ? fresh : 0 });
    if (complete) this.viewport.follow(false);
    this.#filtered?.grow(total, complete);
    this.viewport.update();
  }

  #filteredGrown(lines: FilteredLines): void {
    if (this.#filtered !== lines) return;
    const { total: shown, searched, hasMore, isFull } = lines;
    this.#say({ filtered: { shown, searched, hasMore, isFull } });
    this.viewport.update();
  }

  /** Tells what has changed at once or, where it changes often, together and a little later. */
  #say(changed: Partial<ScreenState>): void {
    this.#next = { ...this.#next, ...changed };
    if (this.#telling !== undefined) return;
    const tell = () => {
      this.#telling = undefined;
      this.#told = performance.now();
      const next = { ...this.state.get(), ...this.#next };
      this.#next = {};
      this.state.set(next);
    };
    const waitMs = this.#told + tellMs - performance.now();
    if (waitMs <= 0) tell();
    else this.#telling = setTimeout(tell, waitMs);
  }
}
