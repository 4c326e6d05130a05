import type { Job, JsonObject } from '../../core/job.ts';

/**
 * A job's config as the existing servers need it, which have no recipes of their own: the recipe's defaults
 * under what the caller gives, object by object, and the model's name as `model.name` where neither names a
 * model. What the caller gives stays as it is.
 */
export function foreignConfig(job: Job, defaults: JsonObject): JsonObject {
  const config = over(defaults, job.config);
  const { model } = config;
  if (model === undefined || model === null) return { ...config, model: { name: job.modelName } };
  if (!isObject(model) || Object.hasOwn(model, 'name')) return config;
  return { ...config, model: { ...model, name: job.modelName } };
}

/** `given` over `base`: objects are merged, all else is replaced. A config is at most as deep as it may be. */
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
