import { type GraphError, SearchLogsDocument, type SearchLogsQuery } from '@trainyard/client';
import { useEffect, useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import { jobPath } from '../address.ts';
import { asProblem } from '../graph/problem.ts';
import { useGraph } from '../graph/use.ts';
import { plainText } from '../log/ansi.ts';
import { lineLink } from '../log/line-link.ts';
import { searchFilter } from '../log/query.ts';
import { Ago } from '../parts/ago.tsx';
import { plural } from '../parts/format.ts';
import { Problem } from '../parts/problem.tsx';
import { Status } from '../parts/status.tsx';
import { useTitle } from '../parts/title.ts';

/** Looks for a text in the logs of all jobs. */
export function SearchPage() {
  useTitle('Search');
  const [params, setParams] = useSearchParams();
  const text = params.get('q') ?? '';
  const isExpression = params.get('re') === '1';
  return (
    <div className="page search-page">
      <h1>Search all logs</h1>
      <form
        className="bar"
        onSubmit={(event) => {
          event.preventDefault();
          const fields = new FormData(event.currentTarget);
          const next = new URLSearchParams({ q: String(fields.get('q')) });
          if (fields.has('re')) next.set('re', '1');
          setParams(next);
        }}
      >
        <input
          key={text}
          name="q"
          type="search"
          className="search"
          aria-label="Text to look for"
          placeholder="CUDA out of memory"
          defaultValue={text}
          required
        />
        <label className="check">
          <input name="re" type="checkbox" defaultChecked={isExpression} />
          RE2 expression
        </label>
        <button type="submit" className="primary">
          Search
        </button>
      </form>
      {text && <Found key={`${text} ${isExpression}`} text={text} isExpression={isExpression} />}
    </div>
  );
}

type FoundJob = NonNullable<SearchLogsQuery['searchLogs']>['jobs'][number];

function Found(search: { text: string; isExpression: boolean }) {
  const { found, isLooking, hasMore, error, more } = useSearch(search);
  return (
    <>
      {error && <Problem error={error} />}
      {found.map(({ job, matches, whole, lines }) => (
        <section key={job.id} className="found" aria-label={job.name}>
          <h2>
            <Link href={jobPath(job.id)}>{job.name}</Link> <Status status={job.status} />{' '}
            <small className="muted">
              {plural(matches, 'line')}
              {whole ? '' : ' or more'}, <Ago time={job.createdAt} />
            </small>
          </h2>
          <ol>
            {lines.map(({ offset, text }) => (
              <li key={offset}>
                <Link className="mono" href={`${jobPath(job.id)}${lineLink([offset, offset])}`}>
                  {plainText(text).slice(0, 500)}
                </Link>
              </li>
            ))}
          </ol>
        </section>
      ))}
      <p className="muted" aria-live="polite">
        {isLooking ? 'Looking …' : found.length === 0 && !error && 'No log has it.'}
      </p>
      {hasMore && !isLooking && (
        <div>
          <button type="button" onClick={more}>
            Look further
          </button>
        </div>
      )}
    </>
  );
}

/** The most lines that are shown of each job. */
const linesPerJob = 5;
/** How many jobs are found before somebody is asked whether to go on. */
const enough = 20;

function useSearch({ text, isExpression }: { text: string; isExpression: boolean }) {
  const graph = useGraph();
  const [found, setFound] = useState<readonly FoundJob[]>([]);
  const [error, setError] = useState<GraphError | null>(null);
  const [cursor, setCursor] = useState<string | null>(null);
  const [hasMore, setMore] = useState(true);
  const [wanted, setWanted] = useState(enough);
  const isLooking = hasMore && found.length < wanted && !error;
  useEffect(() => {
    if (!isLooking) return;
    const filter = searchFilter({ text, isExpression, isCaseExact: false });
    if (!filter) return;
    let isWanted = true;
    graph.query(SearchLogsDocument, { filter, after: cursor, linesPerJob }).then(
      ({ searchLogs }) => {
        if (!isWanted) return;
        setFound((last) => joined(last, searchLogs?.jobs ?? []));
        setCursor(searchLogs?.endCursor ?? null);
        setMore(searchLogs?.hasMore ?? false);
      },
      (thrown) => isWanted && setError(asProblem(thrown)),
    );
    return () => {
      isWanted = false;
    };
  }, [graph, text, isExpression, cursor, isLooking]);
  return { found, isLooking, hasMore, error, more: () => setWanted(found.length + enough) };
}

/** What was found, with the next page of it. A job whose log is long comes in several pages. */
function joined(found: readonly FoundJob[], next: readonly FoundJob[]): readonly FoundJob[] {
  const last = found.at(-1);
  const [first, ...others] = next;
  if (!last || last.job.id !== first?.job.id) return [...found, ...next];
  const whole = {
    ...first,
    matches: last.matches + first.matches,
    lines: [...last.lines, ...first.lines].slice(0, linesPerJob),
  };
  return [...found.slice(0, -1), whole, ...others];
}
