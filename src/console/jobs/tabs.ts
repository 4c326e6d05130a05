import type { JobStatus } from '@trainyard/client';

export type Tab = 'all' | 'running' | 'queued' | 'completed' | 'failed' | 'cancelled';

/** The states behind each tab. */
const states: Record<Tab, readonly JobStatus[] | null> = {
  all: null,
  running: ['STARTING', 'RUNNING', 'PAUSED', 'STOPPING'],
  queued: ['QUEUED'],
  completed: ['COMPLETED'],
  failed: ['FAILED', 'LOST'],
  cancelled: ['CANCELLED'],
};

export const tabs: readonly { tab: Tab; title: string }[] = [
  { tab: 'all', title: 'All' },
  { tab: 'running', title: 'Running' },
  { tab: 'queued', title: 'Queued' },
  { tab: 'completed', title: 'Completed' },
  { tab: 'failed', title: 'Failed' },
  { tab: 'cancelled', title: 'Cancelled' },
];

export function statesOf(tab: Tab): JobStatus[] | null {
  const own = states[tab];
  return own === null ? null : [...own];
}

export function isIn(tab: Tab, status: JobStatus): boolean {
  return states[tab]?.includes(status) ?? true;
}

/** The tab besides "All" that shows jobs of this state. */
export function tabOf(status: JobStatus): Tab {
  return tabs.find(({ tab }) => tab !== 'all' && isIn(tab, status))?.tab ?? 'all';
}

export function parseTab(text: string | null): Tab {
  return tabs.find(({ tab }) => tab === text)?.tab ?? 'all';
}
