import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { ProcessIdentity } from '../../lib/system/process-identity.ts';

/** What the server asks a runner to start. */
export interface RunPlan {
  command: readonly string[];
  cwd: string;
  env: Readonly<Record<string, string>>;
  /** From SIGTERM to SIGKILL. */
  graceMs: number;
}

/** Which process a job is. */
export interface RunProcess {
  command: ProcessIdentity;
}

/** How a job's process ended. `error` says why there never was one. */
export interface RunExit {
  code: number | null;
  signal: string | null;
  error: string | null;
  /** The disk was seen full while the process ran and wrote. */
  diskFull?: boolean;
  /** Milliseconds since 1970, UTC. */
  finishedAt: number;
}

/**
 * Makes the claim file with its content in one step. False where somebody has claimed before: of
 * any number of runners and servers, one alone gets true.
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

/** Null where the claim is damaged. */
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

/** Null where the file is not there. */
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

/** These files are renamed or linked into place: one that cannot be parsed was damaged, and counts as absent. */
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
