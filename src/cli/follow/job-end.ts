import type { JobFragment } from '@trainyard/client';
import { formatSpan } from '../screen/duration.ts';
import { visible } from '../screen/visible.ts';

/** How many lines to show before the one where an error begins, because they often say why. */
const contextLines = 10;

/** One line that says how a job ended and, after a failure, why and where to look. */
export function endOf(
  { id, status, startedAt, finishedAt, failure }: JobFragment,
  hint: (words: string) => string,
): string {
  const span = startedAt && finishedAt ? ` after ${formatSpan(startedAt, finishedAt)}` : '';
  const parts = [`${status}${span}`];
  if (failure) {
    const message = visible(failure.message, { colours: false });
    parts.push(`: ${message}`);
    for (const how of unsaid(failure)) parts.push(` (${how})`);
    if (failure.offset !== null) {
      const from = Math.max(0, failure.offset - contextLines);
      parts.push(`; see: ${hint(`logs ${id} --offset ${from} -n ${contextLines * 3}`)}`);
    }
  }
  return parts.join('');
}

/** The exit code and the signal of a failed process, unless the message already holds them. */
export function unsaid({
  message,
  exitCode,
  signal,
}: NonNullable<JobFragment['failure']>): string[] {
  const all = [exitCode === null ? null : `exit code ${exitCode}`, signal];
  return all.filter((how) => how !== null).filter((how) => !message.includes(how));
}
