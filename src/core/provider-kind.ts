import type { z } from 'zod';
import type { Logger } from '../lib/system/logger.ts';
import type { DeployOptions } from './deploy-options.ts';
import type { Provider } from './provider.ts';
import type { Recipe } from './recipe.ts';

/** Fields of one object, each with its schema. */
type Shape = z.ZodRawShape;
type Read<Fields extends Shape> = z.output<z.ZodObject<Fields>>;

/** What schemas are made of. It is handed in: commands read definitions, too, and load no schema library. */
export interface SchemaParts {
  readonly z: typeof import('zod').z;
  /** A text that is not empty. */
  readonly text: z.ZodString;
  /** An http(s) URL without a name or password in it. */
  readonly httpUrl: z.ZodURL;
  /** What can stand in a header. */
  readonly secret: z.ZodString;
}

/** A key, and where it stands, such as a variable's name: for whoever has to mend it. */
export interface NamedKey {
  readonly key: string;
  readonly keyName: string;
}

/** What a provider of this kind is opened with: what the operator has said, checked. */
interface ProviderSetup<
  Variables extends Shape = Shape,
  Settings extends Shape = Shape,
  OwnRecipe extends Recipe = Recipe,
> {
  readonly name: string;
  readonly settings: Read<Settings>;
  /** Where `settings` stand in the configuration, such as `providers.box`; null: in the kind's own variables. */
  readonly entry: string | null;
  /** Null where none is given. */
  readonly apiKey: NamedKey | null;
  readonly variables: Read<Variables>;
  /** The operator's recipes, over those that the kind brings. */
  readonly recipes: Readonly<Record<string, OwnRecipe>>;
  /** The folder where relative paths of recipes start. */
  readonly recipeBase: string;
}

/** A provider that is closed by whoever has opened it. */
export interface OpenedProvider extends Provider {
  /** Ends every call that is under way; later ones fail. Closing twice is fine. */
  close(): Promise<void>;
}

/** What every provider gets of the server that uses it. */
export interface ProviderParts {
  readonly logger: Logger;
}

/**
 * All that Trainyard knows of one kind of provider: how it is configured, what callers may ask of it, how it
 * is opened. Methods rather than function properties, so that the registry can hold definitions of different
 * settings: each gets what was parsed by its own schemas, and nothing else.
 */
export interface ProviderDefinition<
  Variables extends Shape = Shape,
  Settings extends Shape = Shape,
  OwnRecipe extends Recipe = Recipe,
> {
  /**
   * Its value of the graph's enum `ProviderKind`. In small letters it is the word for it everywhere else: the
   * `kind` in the configuration, the field of `DeployJobInput`, the key of its settings in a recipe, and the
   * name of the provider that the environment alone sets up.
   */
  readonly kind: Uppercase<string>;
  /** For the graph. */
  readonly description: string;
  /** For people, such as `RunPod`. */
  readonly title: string;
  /** Null where a deploy has nothing that only this kind understands. `Provider.check` judges the values. */
  readonly deployOptions: DeployOptions | null;
  /** Environment variables of its own. */
  variables(parts: SchemaParts): Variables;
  /** What an entry of `providers` may hold beside `kind`, and the key where there is one. */
  settings(parts: SchemaParts): Settings;
  /** Whether it is used with a key, which an entry of `providers` holds as `apiKey` or names as `apiKeyEnv`. */
  readonly apiKey: 'needed' | 'optional' | 'none';
  /** What a recipe may say for this kind alone, under the kind's word; with it `Recipe` is `OwnRecipe`. */
  recipeSettings(parts: SchemaParts): Shape;
  /** Its recipe settings may stand in the recipe itself as well. */
  readonly recipeSettingsAtTop?: boolean;
  /** Recipes that it brings; the operator's go over them. */
  readonly shippedRecipes: Readonly<Record<string, OwnRecipe>>;
  /** The provider that the environment alone sets up, by its variables; null where they ask for none. */
  fromVariables(
    variables: Read<Variables>,
  ): { settings: Read<Settings>; apiKey: NamedKey | null } | null;
  open(
    setup: ProviderSetup<Variables, Settings, OwnRecipe>,
    parts: ProviderParts,
  ): Promise<OpenedProvider>;
  /** Opens a provider for the training server that this process has started; for one kind alone. */
  openBuiltIn?(
    server: { name: string; url: string; apiKey: string; place: string },
    parts: ProviderParts,
  ): Promise<OpenedProvider>;
}

/** The word for a kind: its name in small letters. */
export function kindWord({ kind }: { readonly kind: string }): string {
  return kind.toLowerCase();
}
