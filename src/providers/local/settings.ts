import type { SchemaParts } from '../../core/provider-kind.ts';

/** The environment's training server, which is the provider `local`. */
export function variables({ httpUrl, secret }: SchemaParts) {
  return { TRAINING_SERVER_URL: httpUrl.optional(), TRAINING_SERVER_API_KEY: secret.optional() };
}

/** An entry of `providers`. */
export function settings({ z, text, httpUrl }: SchemaParts) {
  return {
    url: httpUrl,
    /** What callers may choose; the server is asked where nothing is said. */
    recipes: z.array(text).optional(),
  };
}
