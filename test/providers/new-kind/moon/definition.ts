import type { z } from 'zod';
import { limitOptions } from '../../../../src/core/deploy-options.ts';
import type { ProviderDefinition, SchemaParts } from '../../../../src/core/provider-kind.ts';
import type { Recipe } from '../../../../src/core/recipe.ts';

function variables({ secret }: SchemaParts) {
  return { MOON_KEY: secret.optional() };
}

function settings({ z }: SchemaParts) {
  return { crater: z.string().default('Tycho') };
}

function recipeSettings({ z }: SchemaParts) {
  return { gravity: z.number().optional() };
}

export type MoonRecipe = Recipe & z.output<z.ZodObject<ReturnType<typeof recipeSettings>>>;

/** A kind that only the test beside it knows: it has one of everything that a definition may have. */
export const moon: ProviderDefinition<
  ReturnType<typeof variables>,
  ReturnType<typeof settings>,
  MoonRecipe
> = {
  kind: 'MOON',
  title: 'Moon',
  description: 'A place without air.',
  deployOptions: {
    name: 'MoonOptions',
    description: 'What only the moon needs to know.',
    fields: {
      side: {
        type: {
          name: 'MoonSide',
          description: 'Which half.',
          values: { NEAR: 'It faces the Earth.', FAR: 'It faces away.' },
        },
        description: 'NEAR where nobody says.',
        flag: { value: 'side', help: 'which half' },
      },
      gpuCount: { type: 'Int', description: 'GPUs.', flag: { value: 'count', help: 'GPUs' } },
      landers: { type: 'String', list: true, description: 'Who lands.' },
      env: { type: 'EnvVar', list: true, description: 'Variables.' },
      ...limitOptions,
    },
  },
  variables,
  settings,
  apiKey: 'needed',
  recipeSettings,
  shippedRecipes: { walk: { command: ['walk'], gravity: 1 } },
  fromVariables({ MOON_KEY: key }) {
    if (key === undefined) return null;
    return { settings: { crater: 'Copernicus' }, apiKey: { key, keyName: 'MOON_KEY' } };
  },
  async open(setup) {
    const { MoonProvider } = await import('./provider.ts');
    return new MoonProvider(setup);
  },
};
