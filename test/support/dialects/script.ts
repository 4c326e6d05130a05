export type ScriptStatus = 'queued' | 'running' | 'paused' | 'completed' | 'failed' | 'cancelled';

/** The agents' own log buffers keep so many lines. */
const keptLines = 10_000;

/** A job that does what a test says. */
export class ScriptedJob {
  readonly id: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly createdAt = new Date();
  status: ScriptStatus = 'running';
  error: string | null = null;
  exitCode: number | null = null;
  finishedAt: Date | null = null;
  /** What a reader can still get. */
  lines: string[] = [];
  readonly #over = Promise.withResolvers<void>();

  constructor(id: string, config: Readonly<Record<string, unknown>>) {
    this.id = id;
    this.config = config;
  }

  /** Settles when the job is over. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  get isOver(): boolean {
    return ['completed', 'failed', 'cancelled'].includes(this.status);
  }

  /** Prints lines; the oldest are dropped where there are too many. */
  emit(lines: readonly string[]): void {
    this.lines = [...this.lines, ...lines].slice(-keptLines);
  }

  finish(status: ScriptStatus, end: { error?: string; exitCode?: number } = {}): void {
    this.status = status;
    this.error = end.error ?? null;
    this.exitCode = end.exitCode ?? null;
    this.finishedAt = new Date();
    this.#over.resolve();
  }
}

/** A time as Python's `datetime.utcnow().isoformat()` writes it: microseconds, no zone. */
export function naive(time: Date | null): string | null {
  return time === null ? null : time.toISOString().replace('Z', '000');
}

/** A query parameter as the existing servers take it: what is no integer is answered with 422. */
export function integer(query: URLSearchParams, name: string, fallback: number): number | null {
  const text = query.get(name) ?? String(fallback);
  return /^-?\d+$/.test(text) ? Number(text) : null;
}

/** What FastAPI says of a field that it does not take. */
export function unprocessable(loc: string[], msg: string, type: string) {
  return { status: 422, body: { detail: [{ loc, msg, type }] } };
}

/** What the existing servers demand of a job's config beside the model, as an operator gives it by a recipe. */
export const dialectDefaults = {
  tokenizer: 'gpt2',
  training: { method: 'sft' },
  data: { format: 'jsonl' },
};
