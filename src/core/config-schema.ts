import { z } from 'zod';
import { messageOf } from './errors.ts';
import type { JsonObject } from './job.ts';

/** The longest schema, as JSON, in UTF-16 units. */
const maxSchemaChars = 16 * 1024;

/** Why an object is no JSON Schema of a job's config that Trainyard can hold it to; null for one that is. */
export function configSchemaFault(schema: JsonObject): string | null {
  if (JSON.stringify(schema).length > maxSchemaChars) {
    return `it has over ${maxSchemaChars} characters of JSON`;
  }
  if (schema.type !== 'object') return 'its type must be "object", as a config is one';
  try {
    z.fromJSONSchema(schema);
    return null;
  } catch (error) {
    return `it is no JSON Schema that is understood here: ${messageOf(error)}`;
  }
}

/**
 * What is wrong with a config by the schema of its recipe, with the key that it is wrong at; null where nothing is, and
 * where the schema itself is not understood.
 */
export function configFault(config: JsonObject, schema: JsonObject): string | null {
  if (configSchemaFault(schema) !== null) return null;
  const checked = z.fromJSONSchema(schema).safeParse(config);
  const [issue] = checked.error?.issues ?? [];
  if (issue === undefined) return null;
  return `${['config', ...issue.path].join('.')}: ${issue.message}`;
}
