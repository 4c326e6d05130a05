import { type Logger, pino } from 'pino';

/** One structured log entry, as an operator would find it. */
export interface LogEntry {
  level: number;
  msg: string;
  [fact: string]: unknown;
}

/** pino's numbers for the levels that tests look for. */
export const logLevel = { warn: 40, error: 50 } as const;

/** A real logger whose lines a test can read. */
export class LogCapture {
  readonly lines: string[] = [];
  readonly logger: Logger = pino(
    { level: 'debug' },
    { write: (line) => void this.lines.push(line) },
  );

  get entries(): LogEntry[] {
    return this.lines.map((line) => JSON.parse(line));
  }

  /** Everything that was logged, as one text. */
  get text(): string {
    return this.lines.join('');
  }
}
