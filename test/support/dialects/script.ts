import type { Reply } from './http.ts';

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

/** The page that a query asks for; the existing servers answer with 422 what is no integer, and a limit out of bounds. */
export function pageOf(query: URLSearchParams): { limit: number; offset: number } | Reply {
  const limit = integer(query.get('limit') ?? '100');
  const offset = integer(query.get('offset') ?? '0');
  const noInteger = 'value is not a valid integer';
  if (limit === null) return unprocessable(['query', 'limit'], noInteger, 'type_error.integer');
  if (offset === null) return unprocessable(['query', 'offset'], noInteger, 'type_error.integer');
  if (limit >= 1 && limit <= 5000) return { limit, offset };
  return unprocessable(['query', 'limit'], 'must be between 1 and 5000', 'value_error.number');
}

/** What the existing servers say of an execute's body: null where it has every field that they demand, each a text. */
export function complaintOf(body: unknown, demanded: readonly string[]): Reply | null {
  const given = new Map<string, unknown>(Object.entries(Object(body)));
  for (const field of ['execution_id', 'name', ...demanded]) {
    const value = given.get(field);
    if (value === undefined) return missing(['body', field]);
    if (typeof value !== 'string') {
      return unprocessable(['body', field], 'str type expected', 'type_error.str');
    }
  }
  const config = given.get('config');
  if (config === undefined) return missing(['body', 'config']);
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    return unprocessable(['body', 'config'], 'value is not a valid dict', 'type_error.dict');
  }
  for (const field of ['dataset_path', 'dataset_content']) {
    if (['string', 'undefined'].includes(typeof (given.get(field) ?? undefined))) continue;
    return unprocessable(['body', field], 'str type expected', 'type_error.str');
  }
  return null;
}

/** What FastAPI says of a field that is not there. */
export function missing(loc: string[]): Reply {
  return unprocessable(loc, 'field required', 'value_error.missing');
}

function unprocessable(loc: string[], msg: string, type: string): Reply {
  return { status: 422, body: { detail: [{ loc, msg, type }] } };
}

function integer(text: string): number | null {
  return /^-?\d+$/.test(text) ? Number(text) : null;
}

/** What the existing servers demand of a job's config beside the model, as an operator gives it by a recipe. */
export const dialectDefaults = {
  tokenizer: 'gpt2',
  training: { method: 'sft' },
  data: { format: 'jsonl' },
};
