import type { z } from 'zod';
import type { Logger } from '../lib/system/logger.ts';
import type { DeployOptions } from './deploy-options.ts';
import type { Provider } from './provider.ts';
import type { Recipe } from './recipe.ts';

/** Fields of one object, each with its schema. */
type Shape = z.ZodRawShape;
type Read<Fields extends Shape> = z.output<z.ZodObject<Fields>>;

/** The parts that schemas are built from. They are passed in, so that commands can read definitions without loading zod. */
export interface SchemaParts {
  readonly z: typeof import('zod').z;
  /** A text that is not empty. */
  readonly text: z.ZodString;
  /** An http(s) URL without a name or password in it. */
  readonly httpUrl: z.ZodURL;
  /** A text that is allowed in an HTTP header. */
  readonly secret: z.ZodString;
}

/** A key, and where it is set (such as a variable's name), so that an error can say where to correct it. */
export interface NamedKey {
  readonly key: string;
  readonly keyName: string;
}

/** What a provider of this kind is opened with: the operator's settings, already checked. */
interface ProviderSetup<
  Variables extends Shape = Shape,
  Settings extends Shape = Shape,
  OwnRecipe extends Recipe = Recipe,
> {
  readonly name: string;
  readonly settings: Read<Settings>;
  /** Where the configuration holds `settings`, such as `providers.box`; null where the kind's own variables hold them. */
  readonly entry: string | null;
  /** Null where none is given. */
  readonly apiKey: NamedKey | null;
  readonly variables: Read<Variables>;
  /** The operator's recipes and the shipped ones; the operator's replace shipped ones of the same name. */
  readonly recipes: Readonly<Record<string, OwnRecipe>>;
  /** The folder where relative paths of recipes start. */
  readonly recipeBase: string;
}

/** A provider that whoever opened it must close. */
export interface OpenedProvider extends Provider {
  /** Ends every call that is under way; later ones fail. Closing twice is fine. */
  close(): Promise<void>;
}

/** What every provider gets from the server that uses it. */
export interface ProviderParts {
  readonly logger: Logger;
}

/**
 * All that Trainyard knows of one kind of provider: how it is configured, what callers may ask of it, how it
 * is opened. Its functions are declared as methods, not as function properties, so that the registry can hold
 * definitions with different settings. Each definition gets only what its own schemas have parsed.
 */
export interface ProviderDefinition<
  Variables extends Shape = Shape,
  Settings extends Shape = Shape,
  OwnRecipe extends Recipe = Recipe,
> {
  /**
   * Its value of the graph's enum `ProviderKind`. Everywhere else the kind is written in lower case: the
   * `kind` in the configuration, the field of `DeployJobInput`, the key of its settings in a recipe, and the
   * name of the provider that the environment alone sets up.
   */
  readonly kind: Uppercase<string>;
  /** For the graph. */
  readonly description: string;
  /** For people, in the spelling of whoever offers it. */
  readonly title: string;
  /** The options of a deploy that only this kind understands; null for none. `Provider.check` checks their values. */
  readonly deployOptions: DeployOptions | null;
  /** The environment variables that it reads. */
  variables(parts: SchemaParts): Variables;
  /** The fields that an entry of `providers` may hold besides `kind` and the key. */
  settings(parts: SchemaParts): Settings;
  /** Whether it needs an API key. An entry of `providers` holds the key as `apiKey` or names its variable in `apiKeyEnv`. */
  readonly apiKey: 'needed' | 'optional' | 'none';
  /** A recipe's settings for this kind alone, held under the kind's word. They turn a `Recipe` into an `OwnRecipe`. */
  recipeSettings(parts: SchemaParts): Shape;
  /** True where a recipe may also hold these settings at its top level. */
  readonly recipeSettingsAtTop?: boolean;
  /** Recipes that come with this kind. An operator's recipe replaces the shipped one of the same name. */
  readonly shippedRecipes: Readonly<Record<string, OwnRecipe>>;
  /** The provider that environment variables set up without a configuration file; null where they ask for none. */
  fromVariables(
    variables: Read<Variables>,
  ): { settings: Read<Settings>; apiKey: NamedKey | null } | null;
  open(
    setup: ProviderSetup<Variables, Settings, OwnRecipe>,
    parts: ProviderParts,
  ): Promise<OpenedProvider>;
  /** Opens a provider for the training server that this process has started. Only one kind has it. */
  openBuiltIn?(
    server: { name: string; url: string; apiKey: string; location: string },
    parts: ProviderParts,
  ): Promise<OpenedProvider>;
}

/** The word for a kind: its name in lower case. */
export function kindWord({ kind }: { readonly kind: string }): string {
  return kind.toLowerCase();
}
