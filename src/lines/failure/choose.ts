import type { Course } from './course.ts';
import type { Evidence } from './evidence.ts';

/** How a process ended, as far as it is known. */
export interface ProcessEnd {
  exitCode: number | null;
  signal: string | null;
}

/** After so many lines of work, a failure was handled: the job went on. */
const handledAfterWork = 3;
/** After so many other lines likewise, by kind: a traceback weighs more than a line. */
const handledAfter = {
  cause: 60,
  logged: 60,
  warned: 1,
  launcher: 60,
  thread: 20,
  error: 20,
  ignored: 0,
};
/** Errors so near to each other belong together, and the first says why. */
const sameTrouble = 3;

/**
 * The evidence that tells why the job ended, out of all in the order of the log; null where none does.
 * The first failure counts that the job did not outlive. What follows from another failure, what a
 * launcher passes on and what a line of level ERROR says count where there is nothing better.
 */
export function chooseEvidence(
  all: readonly Evidence[],
  course: Course,
  log: { length: number; end: ProcessEnd },
): Evidence | null {
  const living: Evidence[] = [];
  let later = false;
  for (const it of all.toReversed()) {
    if (isUnhandled(it, course, { ...log, later })) living.unshift(it);
    later ||= /cause|logged|error/.test(it.kind) && !it.consequence;
  }
  const cause = firstCause(living, course);
  if (cause !== null && !cause.consequence) return cause;
  const launchers = living.filter((it) => it.kind === 'launcher');
  const bySignal = launchers.find((it) => it.native) ?? launchers.find(tellsSignal);
  const error = firstError(living, course);
  const thread = living.find((it) => it.kind === 'thread');
  // Who has lost a worker says so after what the worker itself has said.
  if (cause && !cause.native && error && error.at < cause.at) return error;
  return cause ?? bySignal ?? error ?? launchers[0] ?? thread ?? null;
}

function tellsSignal({ what }: Evidence): boolean {
  return what !== null && /\bSIG[A-Z]{3,}|died with/.test(what);
}

function isUnhandled(
  it: Evidence,
  course: Course,
  { length, end, later }: { length: number; end: ProcessEnd; later: boolean },
): boolean {
  if (it.kind === 'ignored') return false;
  const { work, ordinary } = course.between(it.end, length);
  if (work >= handledAfterWork || (work > 0 && later)) return false;
  if (isKilled(end) && !it.native) {
    return work + ordinary <= (it.kind === 'error' ? sameTrouble : 0);
  }
  return ordinary <= handledAfter[it.kind];
}

/** Who is killed from outside fails by nothing that it has said well before. */
function isKilled({ exitCode, signal }: ProcessEnd): boolean {
  return /^SIG(?:KILL|TERM|INT)$/.test(signal ?? '') || [130, 137, 143].includes(exitCode ?? 0);
}

function firstCause(living: readonly Evidence[], course: Course): Evidence | null {
  let first: Evidence | null = null;
  for (const it of living) {
    if (!/cause|logged|warned/.test(it.kind)) continue;
    if (first === null) first = it;
    else if (it.consequence) continue;
    else if (
      first.what === null ||
      first.consequence ||
      (first.kind !== 'cause' && it.kind === 'cause')
    )
      first = it;
    else if (course.between(first.end, it.at).ordinary > 0) first = it;
  }
  return first;
}

function firstError(living: readonly Evidence[], course: Course): Evidence | null {
  const errors = living.filter((it) => it.kind === 'error').toReversed();
  let first: Evidence | null = null;
  for (const it of errors) {
    const { work, ordinary } = course.between(it.end, first?.at ?? it.end);
    if (work > 0 || ordinary > sameTrouble) break;
    first = it;
  }
  return first;
}
