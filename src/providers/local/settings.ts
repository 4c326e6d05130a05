import type { SchemaParts } from '../../core/provider-kind.ts';

/** The environment variables that set up the provider `local`. */
export function variables({ httpUrl, secret }: SchemaParts) {
  return { TRAINING_SERVER_URL: httpUrl.optional(), TRAINING_SERVER_API_KEY: secret.optional() };
}

/** The settings of an entry of `providers` in the configuration file. */
export function settings({ z, text, httpUrl }: SchemaParts) {
  return {
    url: httpUrl,
    /**
     * The recipes that callers may choose; the server is asked where there are none. For servers without recipes of
     * their own, `defaults` holds a recipe's values, which a job's config may override.
     */
    recipes: z
      .union([
        z.array(text),
        z.record(text, z.strictObject({ defaults: z.record(text, z.json()).default({}) })),
      ])
      .optional(),
    /** The existing servers refuse a job without these three; Trainyard's own server ignores them. */
    userId: text.default('trainyard'),
    accessToken: text.default('trainyard'),
    jobToken: text.default('trainyard'),
  };
}
