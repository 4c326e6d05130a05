import { z } from 'zod';
import type { OpenedProvider, ProviderDefinition, ProviderParts } from '../core/provider-kind.ts';
import { kindWord, type NamedKey } from '../core/provider-kind.ts';
import { providerDefinitions } from '../providers/registry.ts';
import { ConfigError } from './config-error.ts';
import { type Environment, readKey } from './environment.ts';
import { type ConfigFile, keyFields } from './file.ts';
import { recipesOf } from './recipes.ts';

/** A configured provider that is not open yet. */
export interface ConfiguredProvider {
  readonly name: string;
  open(parts: ProviderParts): Promise<OpenedProvider>;
}

const builtIn = providerDefinitions.find(({ openBuiltIn }) => openBuiltIn !== undefined);

/** The name of the provider that uses the built-in training server, unless another provider has this name. */
export const builtInName = builtIn ? kindWord(builtIn) : null;

/** The provider for the built-in training server, which must be running. */
export function builtInProvider(server: {
  url: string;
  apiKey: string;
  location: string;
}): ConfiguredProvider {
  const name = builtInName ?? '';
  return {
    name,
    async open(parts) {
      const provider = await builtIn?.openBuiltIn?.({ ...server, name }, parts);
      if (provider) return provider;
      throw new Error('no kind of provider uses the built-in training server');
    },
  };
}

interface Sources {
  env: Environment;
  file: ConfigFile;
  /** The folder where relative paths of recipes start. */
  recipeBase: string;
  /** The environment, for `apiKeyEnv`. */
  environment: NodeJS.ProcessEnv;
}

/**
 * The providers that environment variables set up, then those of the file in its order. Throws `ConfigError`, also
 * where two have the same name.
 */
export function configuredProviders(sources: Sources): ConfiguredProvider[] {
  const fromVariables = providerDefinitions.flatMap((definition) => {
    const variables = variablesOf(definition, sources);
    const asked = definition.fromVariables(variables);
    if (asked === null) return [];
    return [configured(definition, { ...asked, name: kindWord(definition), entry: null }, sources)];
  });
  const named = Object.entries(sources.file.providers).map(([name, entry]) => {
    if (fromVariables.some((provider) => provider.name === name)) throw twice(name);
    const definition = providerDefinitions.find((one) => kindWord(one) === entry.kind);
    if (!definition) throw new ConfigError(`providers.${name}: there is no kind ${entry.kind}.`);
    const { kind: _kind, apiKey: _key, apiKeyEnv: _env, ...settings } = entry;
    const apiKey = keyOf(name, { entry, definition }, sources);
    return configured(definition, { name, entry: `providers.${name}`, settings, apiKey }, sources);
  });
  return [...fromVariables, ...named];
}

function configured(
  definition: ProviderDefinition,
  given: {
    name: string;
    entry: string | null;
    settings: Record<string, unknown>;
    apiKey: NamedKey | null;
  },
  sources: Sources,
): ConfiguredProvider {
  const variables = variablesOf(definition, sources);
  const recipes = recipesOf(definition, sources.file.recipes);
  const { recipeBase } = sources;
  return {
    name: given.name,
    open: (parts) => definition.open({ ...given, variables, recipes, recipeBase }, parts),
  };
}

function variablesOf({ kind }: ProviderDefinition, { env }: Sources) {
  return env.ofKinds.get(kind) ?? {};
}

function keyOf(
  name: string,
  { entry, definition }: { entry: ConfigFile['providers'][string]; definition: ProviderDefinition },
  { environment }: Sources,
): NamedKey | null {
  const { apiKey, apiKeyEnv } = z.object(keyFields).parse(entry);
  if (apiKeyEnv !== undefined) {
    const key = readKey(environment, apiKeyEnv);
    if (key !== null) return { key, keyName: apiKeyEnv };
    throw new ConfigError(`${apiKeyEnv} is not set: providers.${name}.apiKeyEnv asks for it.`);
  }
  if (apiKey !== undefined) return { key: apiKey, keyName: `providers.${name}.apiKey` };
  if (definition.apiKey !== 'needed') return null;
  throw new ConfigError(`providers.${name} has no key: set its apiKeyEnv, or its apiKey.`);
}

function twice(name: string): ConfigError {
  const variables = providerDefinitions.find((one) => kindWord(one) === name);
  return new ConfigError(
    `providers.${name} is there twice: in the configuration file, and by the environment's variables for the kind ${variables?.title ?? name}. Give the one in the file another name, or unset the variables.`,
  );
}
