export type PodStatus = 'PROVISIONING' | 'STARTING' | 'RUNNING' | 'EXITED' | 'ERROR' | 'TERMINATED';

export const podActions = ['start', 'stop', 'restart', 'terminate'] as const;
export type PodAction = (typeof podActions)[number];

/** What may be asked of a pod, by the text of RunPod's description. A locked one cannot be stopped or restarted. */
export function allowedActions(status: PodStatus, locked: boolean): PodAction[] {
  return byStatus[status].filter((action) => !locked || !lockedOut.includes(action));
}

const byStatus: Record<PodStatus, readonly PodAction[]> = {
  PROVISIONING: ['stop', 'terminate'],
  STARTING: ['stop', 'terminate'],
  RUNNING: ['stop', 'restart', 'terminate'],
  EXITED: ['start', 'terminate'],
  ERROR: ['start', 'terminate'],
  TERMINATED: [],
};

const lockedOut: readonly PodAction[] = ['stop', 'restart'];
