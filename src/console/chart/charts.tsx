import { useState } from 'react';
import { plural } from '../parts/format.ts';
import { Problem } from '../parts/problem.tsx';
import { byName } from './by-name.ts';
import { Chart } from './chart.tsx';
import { useCurves } from './use-curves.ts';

/** All curves of a job. */
export function Charts({ jobId, showLine }: { jobId: string; showLine: (line: number) => void }) {
  const { curves, error } = useCurves(jobId);
  const [search, setSearch] = useState('');
  const [isLog, setLog] = useState(false);
  const [smoothing, setSmoothing] = useState(0);
  const all = [...(curves?.values() ?? [])].sort((a, b) => byName(a.name, b.name));
  const shown = all.filter(({ name }) => name.toLowerCase().includes(search.toLowerCase()));
  if (error) return <Problem error={error} />;
  if (!curves) return <p className="muted">Loading …</p>;
  if (all.length === 0) {
    return (
      <p className="muted">
        The log shows no metrics so far. A line such as <code>step: 10 loss: 0.42</code> makes a
        curve.
      </p>
    );
  }
  return (
    <div className="charts">
      <div className="log-bar" role="toolbar" aria-label="Chart tools">
        <input
          type="search"
          aria-label="Search metrics"
          placeholder={`Search ${plural(all.length, 'metric')}`}
          value={search}
          onChange={({ target }) => setSearch(target.value)}
        />
        <button type="button" aria-pressed={isLog} onClick={() => setLog(!isLog)}>
          Log scale
        </button>
        <label className="check">
          Smoothing
          <input
            type="range"
            min="0"
            max="0.99"
            step="0.01"
            value={smoothing}
            onChange={({ target }) => setSmoothing(Number(target.value))}
          />
        </label>
        <span className="muted">
          Drag to look closer, double-click for all, click for the line.
        </span>
      </div>
      <div className="chart-grid">
        {shown.map((curve) => (
          <Chart key={curve.name} height={220} {...{ jobId, curve, isLog, smoothing, showLine }} />
        ))}
      </div>
      {shown.length === 0 && <p className="muted">No metric has this in its name.</p>}
    </div>
  );
}
