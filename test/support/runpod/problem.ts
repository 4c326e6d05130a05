import { STATUS_CODES } from 'node:http';

/** A refusal as RunPod words it: `application/problem+json` with title, status, detail and perhaps errors. */
export class Problem extends Error {
  readonly status: number;
  readonly errors: readonly string[] | undefined;
  readonly headers: Record<string, string>;
  /** Not RunPod's: a gateway's words, with no problem around them. */
  readonly isPlainText: boolean;

  constructor(
    status: number,
    detail: string,
    options: {
      errors?: readonly string[] | undefined;
      headers?: Record<string, string>;
      isPlainText?: boolean;
    } = {},
  ) {
    super(detail);
    this.status = status;
    this.errors = options.errors;
    this.headers = options.headers ?? {};
    this.isPlainText = options.isPlainText ?? false;
  }

  toJSON() {
    const title = STATUS_CODES[this.status] ?? 'Error';
    return { title, status: this.status, detail: this.message, errors: this.errors };
  }
}
