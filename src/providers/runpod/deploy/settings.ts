import { z } from 'zod';
import { TrainyardError } from '../../../core/errors.ts';
import type { JsonObject } from '../../../core/job.ts';
import type { PodRecipe } from '../settings.ts';

/** Every number is bounded by what any account could mean. */
const most = { gpus: 64, gb: 100_000 };
/** RunPod's least. */
const leastVolumeGb = 10;

const text = z.string().min(1).max(300);
const absent = <T>(value: T | null): T | undefined => value ?? undefined;

/** What a caller may say. `budgetUsd` and `maxHours` are watched by whoever drives the job. */
const options = z.object({
  gpuType: text.nullish().transform(absent),
  gpuCount: z.int().min(1).max(most.gpus).nullish().transform(absent),
  image: text.nullish().transform(absent),
  cloud: z.enum(['SECURE', 'COMMUNITY']).nullish().transform(absent),
  diskGb: z.int().min(1).max(most.gb).nullish().transform(absent),
  volumeGb: z
    .int()
    .max(most.gb)
    .refine((gb) => gb === 0 || gb >= leastVolumeGb, 'must be 0, for none, or at least 10')
    .nullish()
    .transform(absent),
  networkVolumeId: text.nullish().transform(absent),
  dataCenterIds: z.array(text).max(50).nullish().transform(absent),
  env: z
    .array(
      z.object({
        name: z
          .string()
          .regex(/^[A-Za-z_][A-Za-z0-9_]{0,254}$/, 'is no name that an environment can hold')
          .refine(
            (name) => !/^(?:TRAINYARD|RUNPOD|JOB)_/.test(name),
            'is set by Trainyard or RunPod',
          ),
        value: z
          .string()
          .max(100_000)
          .refine((value) => !value.includes('\0'), 'holds a NUL'),
      }),
    )
    .max(200)
    .nullish()
    .transform(absent),
  budgetUsd: z.number().positive().nullish().transform(absent),
  maxHours: z.number().positive().nullish().transform(absent),
});

/** What a pod is made of. */
export interface PodSettings {
  image: string;
  /** The candidates, in this order. */
  gpuTypes: readonly string[];
  gpuCount: number;
  cloud: 'SECURE' | 'COMMUNITY';
  diskGb: number;
  /** A disk that outlives a restart, at /workspace; 0 for none. */
  volumeGb: number;
  networkVolumeId: string | null;
  /** Where to look for room, in this order; empty: anywhere. */
  dataCenterIds: readonly string[];
  /** The caller's variables. */
  env: Record<string, string>;
}

/**
 * The caller's options, where they are silent the recipe's, where that is silent the usual.
 * `BAD_USER_INPUT` for what no pod can be made of; values of `env` are never repeated.
 */
export function settingsOf(given: JsonObject, name: string, recipe: PodRecipe): PodSettings {
  const parsed = options.safeParse(given);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw refused(`input.runpod.${issue?.path.join('.')}: ${issue?.message}.`);
  }
  const own = parsed.data;
  const image = own.image ?? recipe.image;
  const gpuType = own.gpuType ?? recipe.gpuType;
  if (image === undefined) {
    throw refused(
      `The recipe ${name} has no image, which a pod needs: give it one in the configuration, or set input.runpod.image.`,
    );
  }
  if (gpuType === undefined) {
    throw refused(
      `The recipe ${name} has no gpuType, which a pod needs: give it one in the configuration, or set input.runpod.gpuType, such as "NVIDIA GeForce RTX 4090".`,
    );
  }
  if (own.networkVolumeId !== undefined && own.volumeGb) {
    throw refused('input.runpod: give either volumeGb or networkVolumeId, not both.');
  }
  return {
    image,
    gpuTypes: typeof gpuType === 'string' ? [gpuType] : gpuType,
    gpuCount: own.gpuCount ?? recipe.gpuCount ?? 1,
    cloud: own.cloud ?? recipe.cloud ?? 'SECURE',
    diskGb: own.diskGb ?? recipe.diskGb ?? 20,
    // By default there is one: that a training has begun must be known after a restart.
    volumeGb: own.networkVolumeId ? 0 : (own.volumeGb ?? recipe.volumeGb ?? leastVolumeGb),
    networkVolumeId: own.networkVolumeId ?? null,
    dataCenterIds: own.dataCenterIds ?? recipe.dataCenterIds ?? [],
    env: Object.fromEntries((own.env ?? []).map(({ name, value }) => [name, value])),
  };
}

function refused(message: string): TrainyardError {
  return new TrainyardError('BAD_USER_INPUT', message);
}
