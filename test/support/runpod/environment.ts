import path from 'node:path';
import type { Pod } from './pod.ts';

/**
 * The environment of a pod's container: what an image would bring, the pod's own variables, and what
 * RunPod adds; nothing of this process. HOME and TMPDIR lie in the container's disk.
 */
export function containerEnvironment(pod: Pod, pathDirs: readonly string[]) {
  const image = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
  const folders = [...pathDirs, path.dirname(process.execPath), ...image];
  return {
    PATH: folders.join(path.delimiter),
    HOME: pod.directory,
    TMPDIR: path.join(pod.directory, 'tmp'),
    LANG: 'C.UTF-8',
    ...pod.asked.env,
    RUNPOD_POD_ID: pod.id,
    RUNPOD_API_KEY: pod.key,
    RUNPOD_DC_ID: pod.machine.dataCenterId,
    RUNPOD_GPU_COUNT: String(pod.asked.gpu?.count ?? 0),
  };
}

/** The variable that only this pod's processes have. */
export function markOf(pod: Pod): string {
  return `RUNPOD_API_KEY=${pod.key}`;
}
