/** A file that a job has made. */
export interface JobOutput {
  /** Relative to the job's output folder, with slashes. */
  path: string;
  bytes: number;
  /** Milliseconds since 1970, UTC. */
  modifiedAt: number;
}

/** A question for one file, as RFC 9110 knows it. */
export interface OutputRequest {
  /** True where only the headers are wanted. */
  isHead: boolean;
  range: string | null;
  ifRange: string | null;
  /** RFC 9530: `sha-256=1` asks for the digest of the whole file, which takes a reading of it. */
  wantDigest: string | null;
}

/** The answer: 200, 206 or 416, the headers that describe the file, and what was asked of its bytes. */
export interface OutputAnswer {
  status: number;
  headers: Readonly<Record<string, string>>;
  /** Whoever gets it must begin to read it at once; null where there is no body. */
  chunks: AsyncIterable<Uint8Array> | null;
}

/** True for a path that stays in the folder where it starts: no empty part, no `.` or `..`, no backslash or NUL. */
export function isOutputPath(path: string): boolean {
  return path
    .split('/')
    .every((part) => part !== '' && part !== '.' && part !== '..' && !/[\0\\]/.test(part));
}
