import type { JobFragment } from '@trainyard/client';
import { useState } from 'react';
import { Chart } from '../chart/chart.tsx';
import type { Curve } from '../chart/curves.ts';
import { useCurves } from '../chart/use-curves.ts';

const key = 'trainyard:loss';
const height = 132;

/** The loss above the log; nothing where there is none. This browser remembers whether it is open. */
export function LossStrip(props: { job: JobFragment; showLine: (line: number) => void }) {
  const { job, showLine } = props;
  const { curves } = useCurves(job.id);
  const [isOpen, setOpen] = useState(() => localStorage.getItem(key) !== 'closed');
  const [isLog, setLog] = useState(false);
  const curve = lossOf(curves);
  // Room for a curve that is known to come, so that the log does not move when it does.
  if (!curve)
    return job.progress?.loss == null || !isOpen ? null : <div className="loss awaited" />;
  const toggle = () => {
    setOpen(!isOpen);
    localStorage.setItem(key, isOpen ? 'closed' : 'open');
  };
  return (
    <section className="loss" aria-label="Loss">
      <span className="loss-tools">
        {isOpen && (
          <button
            type="button"
            className="plain"
            aria-pressed={isLog}
            onClick={() => setLog(!isLog)}
          >
            Log scale
          </button>
        )}
        <button type="button" className="plain" aria-expanded={isOpen} onClick={toggle}>
          {isOpen ? 'Hide' : 'Show the loss'}
        </button>
      </span>
      {isOpen && <Chart smoothing={0} {...{ jobId: job.id, height, curve, isLog, showLine }} />}
    </section>
  );
}

function lossOf(curves: ReadonlyMap<string, Curve> | null): Curve | undefined {
  const all = [...(curves?.values() ?? [])];
  return curves?.get('loss') ?? all.find(({ name }) => name.includes('loss'));
}
