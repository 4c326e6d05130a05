import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { ProcessIdentity } from '../../lib/system/process-identity.ts';

/** What the server asks a runner to start. */
export interface RunPlan {
  command: readonly string[];
  cwd: string;
  env: Readonly<Record<string, string>>;
  /** The time from SIGTERM to SIGKILL. */
  graceMs: number;
}

/** Which process a job is. */
export interface RunProcess {
  command: ProcessIdentity;
}

/** How a job's process ended. `error` says why it never started. */
export interface RunExit {
  code: number | null;
  signal: string | null;
  error: string | null;
  /** True if the disk was full while the process could write. */
  diskFull?: boolean;
  /** Milliseconds since 1970, UTC. */
  finishedAt: number;
}

/**
 * Creates the claim file with its content in one step. Returns false if somebody has claimed before:
 * of any number of runners and servers, only one gets true.
 */
export function claimRun(file: string, by: ProcessIdentity): boolean {
  const temporary = `${file}.${by.pid}`;
  writeFileSync(temporary, JSON.stringify(by), { mode: 0o600 });
  try {
    linkSync(temporary, file);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}

export function readClaim(file: string): ProcessIdentity | null {
  return asIdentity(readJson(file));
}

/** Null if the claim is damaged. */
export function parseClaim(text: string): ProcessIdentity | null {
  return asIdentity(parseJson(text));
}

export function readProcess(file: string): RunProcess | null {
  const value = readJson(file);
  const command = isObject(value) ? asIdentity(value.command) : null;
  return command === null ? null : { command };
}

export function readExit(file: string): RunExit | null {
  const value = readJson(file);
  if (!isObject(value)) return null;
  const { code, signal, error, diskFull, finishedAt } = value;
  return {
    code: typeof code === 'number' ? code : null,
    signal: typeof signal === 'string' ? signal : null,
    error: typeof error === 'string' ? error : null,
    diskFull: diskFull === true,
    finishedAt: typeof finishedAt === 'number' ? finishedAt : Date.now(),
  };
}

/** Null if the file is not there. */
export function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

function readJson(file: string): unknown {
  const text = readText(file);
  return text === null ? null : parseJson(text);
}

/** Null if the text cannot be parsed: these files are put into place whole, so such a file was damaged later. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function asIdentity(value: unknown): ProcessIdentity | null {
  if (!isObject(value)) return null;
  const { pid, start, namespace } = value;
  return Number.isSafeInteger(pid) &&
    typeof pid === 'number' &&
    pid > 1 &&
    typeof start === 'string'
    ? { pid, start, namespace: typeof namespace === 'string' ? namespace : '' }
    : null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function codeOf(error: unknown): unknown {
  return isObject(error) ? error.code : undefined;
}
