import type { JobStatus } from '@trainyard/client';

interface Look {
  word: string;
  /** The class of its colour. */
  tone: 'live' | 'good' | 'bad' | 'calm' | 'warn';
  /** Its shape, so that nobody needs to tell colours apart. */
  path: string;
}

const tick = 'M3 6.5l2.2 2.2L9.5 3.8';
const cross = 'M3.2 3.2l5.6 5.6M8.8 3.2l-5.6 5.6';
const ring = 'M6 2.5a3.5 3.5 0 1 0 .01 0';
const disc = 'M6 4.2a1.8 1.8 0 1 0 .01 0zM6 2a4 4 0 1 0 .01 0';

const looks: Record<JobStatus, Look> = {
  QUEUED: { word: 'Queued', tone: 'calm', path: ring },
  STARTING: { word: 'Starting', tone: 'live', path: ring },
  RUNNING: { word: 'Running', tone: 'live', path: disc },
  PAUSED: { word: 'Paused', tone: 'warn', path: 'M4 3v6M8 3v6' },
  STOPPING: { word: 'Stopping', tone: 'warn', path: 'M3.5 3.5h5v5h-5z' },
  COMPLETED: { word: 'Completed', tone: 'good', path: tick },
  FAILED: { word: 'Failed', tone: 'bad', path: cross },
  CANCELLED: { word: 'Cancelled', tone: 'calm', path: 'M3 6h6' },
  LOST: { word: 'Lost', tone: 'bad', path: 'M4.2 4.4a1.9 1.9 0 1 1 2.6 1.8q-.8.4-.8 1.3M6 9.3v.2' },
};

/** A job's state as a word and a shape. */
export function Status({ status, stale }: { status: JobStatus; stale?: boolean }) {
  const { word, tone, path } = looks[status];
  return (
    <span className={`status ${tone}`}>
      <svg viewBox="0 0 12 12" width="14" height="14" aria-hidden="true">
        <path d={path} />
      </svg>
      {word}
      {stale && <span title="The provider has not reported it for some seconds.">?</span>}
    </span>
  );
}

/** True for the states that lead to no other. */
export function isOver(status: JobStatus): boolean {
  return ['COMPLETED', 'FAILED', 'CANCELLED', 'LOST'].includes(status);
}

export function wordOf(status: JobStatus): string {
  return looks[status].word;
}
