import type { Candidate } from './placement.ts';
import type { PodSettings } from './settings.ts';
import { wrapperEntrypoint } from './wrapper.ts';

/** The folder where volumes are mounted. The log and the job's output lie in it. */
const workspace = '/workspace';
const prefix = 'trainyard-';

/** The name of a job's pod, which holds the job's id because RunPod has no other field for it. */
export function podNameOf(jobId: string): string {
  return prefix + jobId;
}

/** The id of the job that a pod of this name was created for; null for a pod that Trainyard did not create. */
export function jobIdIn(podName: string): string | null {
  return podName.startsWith(prefix) ? podName.slice(prefix.length) : null;
}

/** The body of a request that creates a pod, with types for the fields that are read here. */
export interface PodRequest {
  name: string;
  env: Record<string, string>;
  [field: string]: unknown;
}

/** The body that asks RunPod for a job's pod (`CreatePodRequest` of its API). */
export function podRequest(
  jobId: string,
  {
    settings,
    candidate,
    env,
  }: {
    settings: PodSettings;
    candidate: Candidate;
    /** The wrapper's variables, which replace the caller's of the same name. */
    env: Record<string, string>;
  },
): PodRequest {
  const { dataCenterId } = candidate;
  const mounts = mountsOf(settings);
  return {
    name: podNameOf(jobId),
    image: settings.image,
    // This replaces the image's own entrypoint, which would take `args` as its arguments.
    entrypoint: wrapperEntrypoint,
    disk: settings.diskGb,
    env: { ...settings.env, ...env },
    gpu: { id: candidate.gpuType, count: settings.gpuCount },
    cloud: settings.cloud,
    ...(dataCenterId === null ? {} : { dataCenterIds: [dataCenterId] }),
    ...(mounts === null ? {} : { mounts }),
    startSsh: true,
  };
}

function mountsOf({ networkVolumeId, volumeGb }: PodSettings): object | null {
  if (networkVolumeId !== null)
    return { network: [{ volumeId: networkVolumeId, path: workspace }] };
  return volumeGb === 0 ? null : { persistent: { size: volumeGb, path: workspace } };
}
