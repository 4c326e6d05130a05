import type { JobFragment } from '@trainyard/client';
import { useEffect, useState } from 'react';
import { jobPath, root } from '../address.ts';
import { isOver, wordOf } from '../parts/status.tsx';

/** Says so when the job is over, also while somebody looks at another tab. The browser is asked only by a click. */
export function Watch({ job }: { job: JobFragment }) {
  const [isWatched, setWatched] = useState(false);
  const [said, setSaid] = useState('');
  const hasEnded = isOver(job.status);
  // biome-ignore lint/correctness/useExhaustiveDependencies: told once, when the job ends
  useEffect(() => {
    if (hasEnded && isWatched) tell(job);
  }, [hasEnded]);
  if (hasEnded || !('Notification' in window)) return null;
  const watch = async () => {
    if (isWatched) return setWatched(false);
    const isAllowed = (await Notification.requestPermission()) === 'granted';
    setWatched(isAllowed);
    setSaid(isAllowed ? '' : 'This browser does not allow it');
  };
  return (
    <button type="button" aria-pressed={isWatched} onClick={() => void watch()}>
      {said || (isWatched ? 'Will notify' : 'Notify me')}
    </button>
  );
}

function tell(job: JobFragment): void {
  const told = new Notification(`${job.name}: ${wordOf(job.status).toLowerCase()}`, {
    body: job.failure?.message ?? job.modelName,
    tag: job.id,
  });
  told.onclick = () => {
    focus();
    told.close();
    if (!location.pathname.endsWith(jobPath(job.id))) {
      location.href = new URL(jobPath(job.id).slice(1), root).href;
    }
  };
}
