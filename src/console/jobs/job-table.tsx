import type { JobFragment } from '@trainyard/client';
import { memo, useEffect, useRef } from 'react';
import { Link, useLocation } from 'wouter';
import { jobPath } from '../address.ts';
import { Ago } from '../parts/ago.tsx';
import { money, value } from '../parts/format.ts';
import { Progress } from '../parts/progress.tsx';
import { Status } from '../parts/status.tsx';

/** The jobs as a table. `hold` is told whether somebody is about to use a row. */
export function JobTable(props: {
  jobs: readonly JobFragment[];
  hold: (isHeld: boolean) => void;
  /** The ids of those that are to be compared. */
  chosen: ReadonlySet<string>;
  choose: (id: string, isChosen: boolean) => void;
}) {
  const { jobs, hold, chosen, choose } = props;
  const table = useRef<HTMLTableElement>(null);
  useRowKeys(table);
  const hasCost = jobs.some(({ cost }) => cost !== null);
  return (
    <table
      ref={table}
      className="job-table"
      onPointerEnter={() => hold(true)}
      onPointerLeave={() => hold(false)}
      onFocus={() => hold(true)}
      onBlur={() => hold(false)}
    >
      <thead>
        <tr>
          <td className="choice wide" />
          <Column title="Status" look="for-status" />
          <Column title="Name" />
          <Column title="Model" look="wide" />
          <Column title="Where" look="for-place wide" />
          <Column title="Progress" look="for-progress" />
          <Column title="Loss" look="for-number end wide" />
          {hasCost && <Column title="Cost" look="for-number end wide" />}
          <Column title="Created" look="for-time end" />
        </tr>
      </thead>
      <tbody>
        {jobs.map((job) => (
          <Row key={job.id} isChosen={chosen.has(job.id)} {...{ job, hasCost, choose }} />
        ))}
      </tbody>
    </table>
  );
}

function Column({ title, look }: { title: string; look?: string }) {
  return (
    <th scope="col" className={look}>
      {title}
    </th>
  );
}

const Row = memo(function Row(props: {
  job: JobFragment;
  hasCost: boolean;
  isChosen: boolean;
  choose: (id: string, isChosen: boolean) => void;
}) {
  const { job, hasCost, isChosen, choose } = props;
  const [, go] = useLocation();
  const { progress, cost } = job;
  return (
    <tr
      onClick={(event) => {
        const isOther = event.target instanceof Element && event.target.closest('.choice');
        const isPlain = !isOther && !event.defaultPrevented && !event.ctrlKey && !event.metaKey;
        if (isPlain && getSelection()?.isCollapsed !== false) go(jobPath(job.id));
      }}
    >
      <td className="choice wide">
        <input
          type="checkbox"
          aria-label={`Compare ${job.name}`}
          checked={isChosen}
          onChange={({ target }) => choose(job.id, target.checked)}
        />
      </td>
      <td className="for-status">
        <Status status={job.status} stale={job.stale} />
      </td>
      <th scope="row">
        <Link href={jobPath(job.id)}>{job.name}</Link>
        {job.pinned && <Pin />}
        {job.tags.map((tag) => (
          <Link key={tag} className="tag" href={`/?tag=${encodeURIComponent(tag)}`}>
            #{tag}
          </Link>
        ))}
      </th>
      <td className="wide">{job.modelName}</td>
      <td className="wide">{job.provider.name}</td>
      <td>
        <Progress job={job} />
      </td>
      <td className="end number wide">
        {progress?.lossNotFinite ? (
          <strong className="wrong">{progress.lossNotFinite === 'NAN' ? 'NaN' : '∞'}</strong>
        ) : (
          progress?.loss != null && value(progress.loss)
        )}
      </td>
      {hasCost && <td className="end number wide">{cost && money(cost.accrued, cost.currency)}</td>}
      <td className="end muted">
        <Ago time={job.createdAt} />
      </td>
    </tr>
  );
});

function Pin() {
  return (
    <svg className="pin" viewBox="0 0 12 12" width="12" height="12" role="img" aria-label="Pinned">
      <path d="M6 7.5V11M3 7.5h6M4 1.5h4M4.5 1.5v4L3 7.5M7.5 1.5v4L9 7.5" />
    </svg>
  );
}

/** j and k go from row to row; Enter opens, as on every link. */
function useRowKeys(table: { current: HTMLTableElement | null }): void {
  useEffect(() => {
    const step = (event: KeyboardEvent) => {
      const { target, key } = event;
      const isTyping = target instanceof HTMLElement && target.matches('input,textarea,select');
      if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
      const by = key === 'j' ? 1 : key === 'k' ? -1 : 0;
      if (by === 0) return;
      const links = [
        ...(table.current?.querySelectorAll<HTMLElement>('tbody th a:first-child') ?? []),
      ];
      const at = links.findIndex((link) => link.matches(':focus'));
      links[at === -1 ? 0 : Math.max(0, Math.min(links.length - 1, at + by))]?.focus();
    };
    addEventListener('keydown', step);
    return () => removeEventListener('keydown', step);
  }, [table]);
}
