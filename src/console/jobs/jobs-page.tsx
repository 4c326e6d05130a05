import { useCallback, useEffect, useRef, useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import { useGraph } from '../graph/use.ts';
import { useValue } from '../graph/value.ts';
import { count, plural } from '../parts/format.ts';
import { Problem } from '../parts/problem.tsx';
import { useTitle } from '../parts/title.ts';
import { FirstJob } from './first-job.tsx';
import { JobTable } from './job-table.tsx';
import { JobList, type ListFilter, type Totals } from './list.ts';
import { ProviderChoice } from './provider-choice.tsx';
import { parseTab, type Tab, tabs } from './tabs.ts';

/** All jobs, live. The address holds what is looked for. */
export function JobsPage() {
  useTitle('Jobs');
  const [params, setParams] = useSearchParams();
  const tab = parseTab(params.get('state'));
  const search = params.get('q') ?? '';
  const provider = params.get('provider') ?? '';
  const tag = params.get('tag') ?? '';
  const change = (name: string, value: string) =>
    setParams(
      (last) => {
        const next = new URLSearchParams(last);
        if (value) next.set(name, value);
        else next.delete(name);
        return next;
      },
      { replace: true },
    );
  const list = useJobList({ tab, search, provider, tag });
  if (!list) return null;
  return <Jobs {...{ list, tab, search, provider, tag, change }} />;
}

function Jobs(props: ListFilter & { list: JobList; change: (name: string, to: string) => void }) {
  const { list, tab, search, provider, tag, change } = props;
  const { rows, waiting, totals, hasMore, error } = useValue(list.state);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const choose = useCallback((id: string, isChosen: boolean) => {
    setChosen((last) => {
      const next = new Set(last);
      if (isChosen) next.add(id);
      else next.delete(id);
      return next;
    });
  }, []);
  const isFiltered = search !== '' || provider !== '' || tag !== '';
  if (totals?.all === 0 && rows?.length === 0 && !isFiltered) return <FirstJob />;
  return (
    <div className="page jobs">
      <h1 className="unseen">Jobs</h1>
      <div className="bar">
        <Search text={search} change={(text) => change('q', text)} />
        <ProviderChoice name={provider} change={(name) => change('provider', name)} />
        {tag && (
          <button type="button" onClick={() => change('tag', '')} aria-label={`Not only ${tag}`}>
            #{tag} ×
          </button>
        )}
        {chosen.size > 1 && (
          <Link className="button" href={`/compare?ids=${[...chosen].join()}`}>
            Compare {chosen.size}
          </Link>
        )}
        <Link className="button primary" href="/deploy">
          Deploy
        </Link>
      </div>
      <Tabs here={tab} totals={totals} change={(to) => change('state', to === 'all' ? '' : to)} />
      {error && <Problem error={error} />}
      {waiting > 0 && (
        <button type="button" className="news" onClick={() => list.showNew()}>
          Show {plural(waiting, 'new job')}
        </button>
      )}
      {rows && rows.length > 0 && (
        <JobTable
          jobs={rows}
          hold={(isHeld) => {
            list.isHeld = isHeld;
          }}
          {...{ chosen, choose }}
        />
      )}
      {rows?.length === 0 && (
        <p className="none">
          No job {isFiltered ? 'matches' : 'is in this state'}. <Link href="/">Show all jobs</Link>
        </p>
      )}
      {hasMore && (
        <button type="button" onClick={() => void list.more()}>
          Show older jobs
        </button>
      )}
    </div>
  );
}

function useJobList({ tab, search, provider, tag }: ListFilter): JobList | null {
  const graph = useGraph();
  const [list, setList] = useState<JobList | null>(null);
  useEffect(() => {
    const opened = new JobList(graph, { tab, search, provider, tag });
    // What was shown stays until the new list is there.
    void opened.open().then(() => setList(opened));
    return () => opened.close();
  }, [graph, tab, search, provider, tag]);
  return list;
}

function Tabs(props: { here: Tab; totals: Totals | null; change: (tab: Tab) => void }) {
  return (
    <fieldset className="tabs">
      <legend className="unseen">State</legend>
      {tabs.map(({ tab, title }) => (
        <button
          key={tab}
          type="button"
          aria-pressed={tab === props.here}
          onClick={() => props.change(tab)}
        >
          {title} <span className="number muted">{props.totals && count(props.totals[tab])}</span>
        </button>
      ))}
    </fieldset>
  );
}

function Search({ text, change }: { text: string; change: (text: string) => void }) {
  const [typed, setTyped] = useState(text);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => setTyped(text), [text]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only what is typed starts the wait
  useEffect(() => {
    const timer = setTimeout(() => typed !== text && change(typed), 200);
    return () => clearTimeout(timer);
  }, [typed]);
  useEffect(() => {
    const focus = (event: KeyboardEvent) => {
      const isTyping =
        event.target instanceof HTMLElement && event.target.matches('input,textarea,select');
      if (event.key !== '/' || isTyping) return;
      event.preventDefault();
      field.current?.select();
    };
    addEventListener('keydown', focus);
    return () => removeEventListener('keydown', focus);
  }, []);
  return (
    <input
      ref={field}
      type="search"
      className="search"
      aria-label="Search jobs by name, model or id"
      placeholder="Search by name, model or id"
      value={typed}
      onChange={(event) => setTyped(event.target.value)}
    />
  );
}
