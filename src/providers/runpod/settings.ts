import type { z } from 'zod';
import type { SchemaParts } from '../../core/provider-kind.ts';
import type { Recipe } from '../../core/recipe.ts';

/** The environment variables. The key sets up the provider `runpod`; the API's address is the default of all accounts. */
export function variables({ httpUrl, secret }: SchemaParts) {
  return {
    RUNPOD_API_KEY: secret.optional(),
    RUNPOD_API_URL: httpUrl.default('https://api.runpod.io'),
  };
}

/** The settings of an entry of `providers` in the configuration file. */
export function settings({ z, httpUrl }: SchemaParts) {
  return {
    url: httpUrl.optional(),
    /** How long a pod waits after its training for Trainyard to terminate it, before it ends itself. */
    graceSeconds: z.int().min(0).max(86_400).optional(),
  };
}

/** The settings of a recipe for pods. A caller's options replace all of them but `files`. */
export function recipeSettings({ z, text }: SchemaParts) {
  return {
    /** The container image. */
    image: text.optional(),
    /**
     * Files and folders, relative to `cwd`, that are copied into the pod; the command then runs in their folder. Without
     * files it runs in the image's own working folder. Together with config and env, some 65 KiB of compressed files
     * fit.
     */
    files: z.array(text).min(1).readonly().optional(),
    /** The GPU's type by RunPod's name. Of several, the first one that is available is taken. */
    gpuType: z.union([text, z.array(text).min(1).readonly()]).optional(),
    gpuCount: z.int().min(1).optional(),
    /** The container's disk, in GB, which is lost with the pod. */
    diskGb: z.int().min(1).optional(),
    /** A disk that outlives a restart of the pod, in GB; 0 for none. */
    volumeGb: z.union([z.literal(0), z.int().min(10)]).optional(),
    cloud: z.enum(['SECURE', 'COMMUNITY']).optional(),
    /** The data centers to try, in this order; all of them where there are none. */
    dataCenterIds: z.array(text).readonly().optional(),
  };
}

/** A recipe that can run in pods. */
export type PodRecipe = Recipe & z.output<z.ZodObject<ReturnType<typeof recipeSettings>>>;
