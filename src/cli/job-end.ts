import type { JobFragment } from '../client/generated/graphql.ts';
import { formatSpan } from './duration.ts';
import { visible } from './visible.ts';

/** Lines before the one where an error begins, which often say why. */
const contextLines = 10;

/** One line that says how a job ended and, where it ended badly, why and where to look. */
export function endOf({ id, status, startedAt, finishedAt, failure }: JobFragment): string {
  const span = startedAt && finishedAt ? ` after ${formatSpan(startedAt, finishedAt)}` : '';
  const parts = [`${status}${span}`];
  if (failure) {
    parts.push(`: ${visible(failure.message, { colours: false })}`);
    if (failure.exitCode !== null) parts.push(` (exit code ${failure.exitCode})`);
    if (failure.signal !== null) parts.push(` (${failure.signal})`);
    if (failure.offset !== null) {
      const from = Math.max(0, failure.offset - contextLines);
      parts.push(`; see: trainyard logs ${id} --offset ${from} -n ${contextLines * 3}`);
    }
  }
  return parts.join('');
}
