import type { Candidate } from './placement.ts';
import type { PodSettings } from './settings.ts';
import { wrapperEntrypoint } from './wrapper.ts';

/** Where volumes are mounted: the log and what a job makes lie there. */
const workspace = '/workspace';
const prefix = 'trainyard-';

/** The name of a job's pod: RunPod knows of no other id of ours. */
export function podNameOf(jobId: string): string {
  return prefix + jobId;
}

/** The id of the job that a pod of this name was made for; null for other people's pods. */
export function jobIdIn(podName: string): string | null {
  return podName.startsWith(prefix) ? podName.slice(prefix.length) : null;
}

/** As far as anybody looks into it. */
export interface PodRequest {
  name: string;
  env: Record<string, string>;
  [field: string]: unknown;
}

/** The body that asks RunPod for a job's pod: CreatePodRequest of its API. */
export function podRequest(
  jobId: string,
  {
    settings,
    candidate,
    env,
  }: {
    settings: PodSettings;
    candidate: Candidate;
    /** What the wrapper needs; the caller's variables cannot take its place. */
    env: Record<string, string>;
  },
): PodRequest {
  const { dataCenterId } = candidate;
  const mounts = mountsOf(settings);
  return {
    name: podNameOf(jobId),
    image: settings.image,
    // An image's own entrypoint would get `args` as its arguments, and do with them as it likes.
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
