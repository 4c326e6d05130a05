import type { JobFragment } from '@trainyard/client';
import { plainText } from '../log/ansi.ts';
import { lineLink } from '../log/line-link.ts';
import { count } from '../parts/format.ts';

/** Why a job ended badly, and the way to the line that says so. */
export function Failure(props: { job: JobFragment; showLine: (line: number) => void }) {
  const { failure } = props.job;
  if (!failure) return null;
  const { message, excerpt, offset } = failure;
  return (
    <section className="failure" aria-label="Why it failed">
      <p>
        <strong>{message}</strong>
      </p>
      {excerpt.length > 0 && <pre>{excerpt.map(plainText).join('\n')}</pre>}
      {offset !== null && (
        <a
          href={lineLink([offset, offset])}
          onClick={(event) => {
            event.preventDefault();
            props.showLine(offset);
          }}
        >
          Line {count(offset)} →
        </a>
      )}
    </section>
  );
}
