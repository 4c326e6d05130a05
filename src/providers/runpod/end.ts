import { constants } from 'node:os';
import type { ProviderState } from '../../core/provider.ts';
import type { Pod } from './api/wire.ts';
import type { End } from './log/cursor.ts';

/** The final state of a job whose wrapper has reported its end. */
export function endStateOf({ exitCode, time }: End): ProviderState {
  const state = { providerStatus: null, finishedAt: time };
  switch (exitCode) {
    case 0:
      return { ...state, status: 'COMPLETED' };
    case 'interrupted':
    case 'restarted':
      return { ...state, status: 'FAILED', failure: { message: restarted } };
    default:
      return { ...state, status: 'FAILED', failure: { exitCode, ...signalOf(exitCode) } };
  }
}

/** The signal that ended the training, where the exit code is 128 plus a signal's number: 137 means SIGKILL (9). */
function signalOf(exitCode: number): { signal?: string } {
  const found = Object.entries(constants.signals).find(([, number]) => number + 128 === exitCode);
  return found === undefined ? {} : { signal: found[0] };
}

/** The final state of a job whose container has ended although its wrapper reported no end. */
export function silentEndOf(pod: Pod): ProviderState {
  const message =
    pod.status === 'ERROR'
      ? `RunPod could not run the container: the pod ${pod.id} is in the state ERROR.`
      : `The container of pod ${pod.id} ended without saying how the training did: it was killed, or could not be started. See the log's last lines.`;
  return { status: 'FAILED', providerStatus: pod.status, failure: { message } };
}

/** The final state of a job whose container has ended although its log could not be read to the end. */
export function unreadEndOf(pod: Pod): ProviderState {
  const message = `The container of pod ${pod.id} has ended, but RunPod did not give the end of its log: how the training did is not known.`;
  return { status: 'FAILED', providerStatus: pod.status, failure: { message } };
}

const restarted =
  'RunPod restarted the container in the middle of the training, which is not begun a second time. Deploy the job again.';
