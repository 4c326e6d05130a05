import { z } from 'zod';
import { TrainyardError } from '../../../core/errors.ts';
import type { JsonObject } from '../../../core/job.ts';
import type { PodRecipe } from '../settings.ts';

/** Bounds that no real job comes near. */
const most = { gpus: 64, gb: 100_000 };
/** The smallest volume that RunPod offers. */
const leastVolumeGb = 10;

const text = z.string().min(1).max(300);
const absent = <T>(value: T | null): T | undefined => value ?? undefined;

/** The options of a caller. The job's driver enforces `budgetUsd` and `maxHours`. */
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
          .regex(/^[A-Za-z_][A-Za-z0-9_]{0,254}$/, 'is not a valid name of an environment variable')
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

/** The settings of one pod. */
export interface PodSettings {
  image: string;
  /** The GPU types to try, in this order. */
  gpuTypes: readonly string[];
  gpuCount: number;
  cloud: 'SECURE' | 'COMMUNITY';
  diskGb: number;
  /** The size of the disk at /workspace that outlives a restart; 0 for none. */
  volumeGb: number;
  networkVolumeId: string | null;
  /** The data centers to try, in this order; RunPod chooses where it is empty. */
  dataCenterIds: readonly string[];
  /** The caller's variables. */
  env: Record<string, string>;
}

/**
 * The settings of a job's pod: the caller's options, then the recipe's, then the defaults. Throws `BAD_USER_INPUT` for
 * settings that no pod can have; its message never holds a value of `env`.
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
    // There is a volume by default, because the wrapper must know after a restart that the training has begun.
    volumeGb: own.networkVolumeId ? 0 : (own.volumeGb ?? recipe.volumeGb ?? leastVolumeGb),
    networkVolumeId: own.networkVolumeId ?? null,
    dataCenterIds: own.dataCenterIds ?? recipe.dataCenterIds ?? [],
    env: Object.fromEntries((own.env ?? []).map(({ name, value }) => [name, value])),
  };
}

function refused(message: string): TrainyardError {
  return new TrainyardError('BAD_USER_INPUT', message);
}
