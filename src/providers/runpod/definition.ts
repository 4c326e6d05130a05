import type { ProviderDefinition } from '../../core/provider-kind.ts';
import { deployOptions } from './deploy-options.ts';
import { type PodRecipe, recipeSettings, settings, variables } from './settings.ts';
import { tinyLm } from './tiny-lm.ts';

/** The kind for accounts at RunPod. */
export const runpod: ProviderDefinition<
  ReturnType<typeof variables>,
  ReturnType<typeof settings>,
  PodRecipe
> = {
  kind: 'RUNPOD',
  title: 'RunPod',
  description: 'Rented pods at RunPod.',
  deployOptions,
  variables,
  settings,
  apiKey: 'needed',
  recipeSettings,
  // Recipes held these settings at their top level before other kinds had settings.
  recipeSettingsAtTop: true,
  shippedRecipes: { default: tinyLm, 'tiny-lm': tinyLm },
  fromVariables({ RUNPOD_API_KEY: key }) {
    if (key === undefined) return null;
    return { settings: {}, apiKey: { key, keyName: 'RUNPOD_API_KEY' } };
  },
  async open({ name, settings: { url, graceSeconds }, apiKey, variables, recipes, recipeBase }) {
    const { openRunPodProvider } = await import('./provider.ts');
    const { key = '', keyName = '' } = apiKey ?? {};
    return openRunPodProvider({
      name,
      url: url ?? variables.RUNPOD_API_URL,
      apiKey: key,
      keyName,
      recipes,
      recipeBase,
      graceSeconds,
    });
  },
};
