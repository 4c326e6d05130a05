import type { Job, JsonObject } from '../../core/job.ts';

/**
 * A job's config for an existing server, which has no recipes of its own. The recipe's defaults are merged into it,
 * object by object, and the model's name becomes `model.name` where neither names a model. What the caller gave
 * stays as it is.
 */
export function foreignConfig(job: Job, defaults: JsonObject): JsonObject {
  const config = over(defaults, job.config);
  const { model } = config;
  if (model === undefined || model === null) return { ...config, model: { name: job.modelName } };
  if (!isObject(model) || Object.hasOwn(model, 'name')) return config;
  return { ...config, model: { ...model, name: job.modelName } };
}

/** Merges `given` into `base`: objects are merged, and anything else is replaced. The depth of a config is bounded. */
function over(base: JsonObject, given: JsonObject): JsonObject {
  const merged = new Map(Object.entries(base));
  for (const [key, value] of Object.entries(given)) {
    const below = merged.get(key);
    merged.set(key, isObject(below) && isObject(value) ? over(below, value) : value);
  }
  return Object.fromEntries(merged);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
