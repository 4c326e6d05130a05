import { z } from 'zod';
import type { JobStatus } from '../../../core/job.ts';
import type { ProviderState } from '../../../core/provider.ts';

const time = z
  .string()
  .nullish()
  .transform((value) => timeOf(value))
  .catch(null);
const endpoint = z
  .object({ command: z.string().min(1) })
  .nullish()
  .catch(null);

const util = z.number().nullish().catch(null);

/** What the container uses of its pod, in percent; null unless it runs. */
const runtime = z
  .object({
    cpu: z.object({ util }).nullish().catch(null),
    memory: z.object({ util }).nullish().catch(null),
    gpus: z.array(z.object({ util, memoryUtil: util })).catch([]),
  })
  .nullish()
  .catch(null);

/** What Trainyard reads of a pod. It never reads `env`, which holds the caller's secrets. */
export const pod = z.object({
  id: z.string().regex(/^[\w-]{1,100}$/),
  name: z.string(),
  status: z.string().min(1).max(100),
  actions: z.array(z.string()).catch([]),
  /** The present rate, in US dollars an hour. */
  cost: z.number().nonnegative().catch(0),
  ssh: z.object({ proxy: endpoint, direct: endpoint }).nullish().catch(null),
  createdAt: time,
  startedAt: time,
  runtime,
});

export type Pod = z.infer<typeof pod>;

/** A page of the account's pods. A pod that cannot be read is left out; if it is a job's, it is asked for by its id. */
export const podList = z.object({
  pods: z
    .array(z.unknown())
    .transform((pods) => pods.flatMap((entry) => pod.safeParse(entry).data ?? [])),
  /** Present where there are more pages. */
  pagination: z.object({ nextCursor: z.string().max(10_000).nullish() }).nullish(),
});

/** The data of an event of a log stream. A time that is missing or unreadable is null. */
export const logEvent = z.object({
  ts: z
    .string()
    .max(100)
    .refine((ts) => timeOf(ts) !== null)
    .nullable()
    .catch(null),
  source: z.string().catch('container'),
  line: z.string(),
});

/** True for a container that has ended. It prints no more, and only its log tells how its work ended. */
export function hasEnded({ status }: Pod): boolean {
  return status === 'EXITED' || status === 'ERROR';
}

/** True for a container that has not started, so that its pod may have no log yet. */
export function isComing({ status }: Pod): boolean {
  return status === 'PROVISIONING' || status === 'STARTING';
}

const statuses: Readonly<Record<string, JobStatus>> = {
  PROVISIONING: 'STARTING',
  STARTING: 'STARTING',
  RUNNING: 'RUNNING',
};

/**
 * A pod's state in Trainyard's terms; `at` is RunPod's time of it. A container that has ended gives no status, because
 * only the log says how its training ended.
 */
export function stateOf(pod: Pod, at: number): ProviderState {
  const state: ProviderState = {
    status: statuses[pod.status] ?? null,
    providerStatus: pod.status,
    consoleUrl: consoleUrlOf(pod.id),
    rate: { currency: 'USD', perHour: pod.cost, since: pod.createdAt ?? at, at },
  };
  if (pod.startedAt !== null) state.startedAt = pod.startedAt;
  const values = usageOf(pod);
  if (Object.keys(values).length > 0) state.resources = { time: at, values };
  return state;
}

function usageOf({ runtime }: Pod): Record<string, number> {
  const said = [
    ['cpu', runtime?.cpu?.util],
    ['memory', runtime?.memory?.util],
    ...(runtime?.gpus ?? [])
      .slice(0, 16)
      .flatMap(({ util, memoryUtil }, index) => [
        [`gpu_${index}`, util] as const,
        [`gpu_${index}_memory`, memoryUtil] as const,
      ]),
  ] as const;
  return Object.fromEntries(
    said.flatMap(([name, value]) =>
      value == null ? [] : [[`${name}_utilization_percent`, value]],
    ),
  );
}

/** The address of a pod's page in RunPod's console. */
export function consoleUrlOf(podId: string): string {
  return `https://www.runpod.io/console/pods/${podId}`;
}

/** A time as milliseconds since 1970; null where it cannot be read. */
export function timeOf(value: string | null | undefined): number | null {
  const ms = Date.parse(value ?? '');
  return Number.isNaN(ms) ? null : ms;
}
