import type { SchemaParts } from '../../core/provider-kind.ts';

/** The environment's training server, which is the provider `local`. */
export function variables({ httpUrl, secret }: SchemaParts) {
  return { TRAINING_SERVER_URL: httpUrl.optional(), TRAINING_SERVER_API_KEY: secret.optional() };
}

/** An entry of `providers`. */
export function settings({ z, text, httpUrl }: SchemaParts) {
  return {
    url: httpUrl,
    /**
     * What callers may choose; the server is asked where nothing is said. With `defaults` for servers that
     * have no recipes of their own: what a job's config holds where the caller says nothing else.
     */
    recipes: z
      .union([
        z.array(text),
        z.record(text, z.strictObject({ defaults: z.record(text, z.json()).default({}) })),
      ])
      .optional(),
    /** What the existing servers demand of every job, and Trainyard's own passes over. */
    userId: text.default('trainyard'),
    accessToken: text.default('trainyard'),
    jobToken: text.default('trainyard'),
  };
}
