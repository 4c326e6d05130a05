import type { z } from 'zod';
import type { SchemaParts } from '../../core/provider-kind.ts';
import type { Recipe } from '../../core/recipe.ts';

/** The environment's account, which is the provider `runpod`; where the API is holds for every account. */
export function variables({ httpUrl, secret }: SchemaParts) {
  return {
    RUNPOD_API_KEY: secret.optional(),
    RUNPOD_API_URL: httpUrl.default('https://api.runpod.io'),
  };
}

/** An entry of `providers`. */
export function settings({ z, httpUrl }: SchemaParts) {
  return {
    url: httpUrl.optional(),
    /** How long a pod waits, after its training, for Trainyard to terminate it. */
    graceSeconds: z.int().min(0).max(86_400).optional(),
  };
}

/** What a recipe may say for pods; a caller may choose otherwise. */
export function recipeSettings({ z, text }: SchemaParts) {
  return {
    /** The container image. */
    image: text.optional(),
    /**
     * Files and folders, relative to `cwd`, that travel to the pod, where the command runs beside them;
     * without any it runs in the image's own working folder. Small ones: some 65 KiB when compressed, together with config and env.
     */
    files: z.array(text).min(1).readonly().optional(),
    /** The GPU's type by RunPod's name; of several the first that is to be had. */
    gpuType: z.union([text, z.array(text).min(1).readonly()]).optional(),
    gpuCount: z.int().min(1).optional(),
    /** The container's disk, in GB; gone with the pod. */
    diskGb: z.int().min(1).optional(),
    /** A disk that outlives a restart of the pod, in GB; 0 for none. */
    volumeGb: z.union([z.literal(0), z.int().min(10)]).optional(),
    cloud: z.enum(['SECURE', 'COMMUNITY']).optional(),
    /** Where to look for room, in this order; everywhere where there are none. */
    dataCenterIds: z.array(text).readonly().optional(),
  };
}

/** A recipe as pods are made of it. */
export type PodRecipe = Recipe & z.output<z.ZodObject<ReturnType<typeof recipeSettings>>>;
