import { onTestFinished } from 'vitest';
import type { JsonObject } from '../../../src/core/job.ts';
import {
  openRunPodProvider,
  type RunPodProvider,
  type RunPodProviderOptions,
} from '../../../src/providers/runpod/provider.ts';
import type { PodRecipe } from '../../../src/providers/runpod/settings.ts';
import type { Pod } from '../../support/runpod/pod.ts';
import {
  openRunPodStandIn,
  type RunPodStandIn,
  type RunPodStandInOptions,
} from '../../support/runpod/server.ts';
import { jobOf } from '../follow.ts';

export const apiKey = 'rpa_the_account';

export interface Yard {
  standIn: RunPodStandIn;
  provider: RunPodProvider;
  signal: AbortSignal;
  /** Deploys the recipe `default`, which runs the script, and resolves to its pod. */
  deploy(id: string, options?: { config?: JsonObject; options?: JsonObject }): Promise<Pod>;
}

type YardOptions = Partial<RunPodProviderOptions> & { standIn?: Partial<RunPodStandInOptions> };

/** Short enough for a test, long enough for a busy machine. */
export const quickTimes = { quietMs: 300, settleMs: 20, preparingMs: 20, silenceMs: 5000 };

/** A stand-in and a provider that uses it, both closed at the end of the test. `script` is bash. */
export async function openYard(script: string, options: YardOptions = {}): Promise<Yard> {
  const { standIn: standInOptions, times, recipes, ...rest } = options;
  const standIn = await openRunPodStandIn({
    apiKey,
    provisionMs: 1,
    startMs: 1,
    rateLimit: { perMinute: 100_000 },
    ...standInOptions,
  });
  onTestFinished(() => standIn.close());
  const provider = openRunPodProvider({
    name: 'runpod',
    url: standIn.url,
    apiKey,
    keyName: 'RUNPOD_API_KEY',
    recipes: recipes ?? { default: bashRecipe(script) },
    recipeBase: process.cwd(),
    pollMs: 50,
    graceSeconds: 30,
    times: { ...quickTimes, ...times },
    ...rest,
  });
  onTestFinished(() => provider.close());
  const leaving = new AbortController();
  onTestFinished(() => leaving.abort());
  const { signal } = leaving;
  return {
    standIn,
    provider,
    signal,
    async deploy(id, values = {}) {
      const { externalId } = await provider.deploy(jobOf(id, values), signal);
      const pod = standIn.pods().find((one) => one.id === externalId);
      if (!pod) throw new Error(`there is no pod ${externalId}`);
      return pod;
    },
  };
}

export function bashRecipe(script: string): PodRecipe {
  const gpuType = 'NVIDIA GeForce RTX 4090';
  return { command: ['bash', '-c', script], image: 'an/image:1', gpuType };
}

/** What the container has printed so far, markers included. */
export function printed(pod: Pod): string[] {
  const events = pod.log.read(pod.log.first).filter(({ source }) => source === 'container');
  return events.map(({ line }) => line);
}
