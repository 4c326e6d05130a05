import type { ProviderDefinition } from '../../core/provider-kind.ts';
import { settings, variables } from './settings.ts';

/** The kind for training servers: the one that Trainyard brings, and others that speak its HTTP contract. */
export const local: ProviderDefinition<
  ReturnType<typeof variables>,
  ReturnType<typeof settings>
> = {
  kind: 'LOCAL',
  title: 'Training server',
  description: 'A training server over HTTP.',
  deployOptions: null,
  variables,
  settings,
  apiKey: 'optional',
  // A training server has recipes of its own, in its own configuration.
  recipeSettings: () => ({}),
  shippedRecipes: {},
  fromVariables({ TRAINING_SERVER_URL: url, TRAINING_SERVER_API_KEY: key }) {
    if (url === undefined) return null;
    const apiKey = key === undefined ? null : { key, keyName: 'TRAINING_SERVER_API_KEY' };
    const demanded = { userId: 'trainyard', accessToken: 'trainyard', jobToken: 'trainyard' };
    return { settings: { url, ...demanded }, apiKey };
  },
  async open({ name, settings, entry, apiKey, recipes: known }, { logger }) {
    const { url, recipes = null, userId, accessToken, jobToken } = settings;
    const { openLocalProvider } = await import('./provider.ts');
    const urlName = entry === null ? 'TRAINING_SERVER_URL' : `${entry}.url`;
    const noKey = entry === null ? 'TRAINING_SERVER_API_KEY' : `${entry}.apiKeyEnv`;
    const { key, keyName } = apiKey ?? { key: null, keyName: noKey };
    return openLocalProvider({
      name,
      url,
      urlName,
      apiKey: key,
      keyName,
      recipes,
      defaultsOf: (recipe) => known[recipe]?.defaults ?? {},
      identity: { userId, accessToken, jobToken },
      logger,
    });
  },
  async openBuiltIn(server, { logger }) {
    const { openLocalProvider } = await import('./provider.ts');
    return openLocalProvider({ ...server, recipes: null, logger });
  },
};
