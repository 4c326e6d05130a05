import { z } from 'zod';
import { configSchemaFault } from '../core/config-schema.ts';
import { misspelt } from '../core/fill-template.ts';
import type { JsonObject } from '../core/job.ts';
import { kindWord, type ProviderDefinition } from '../core/provider-kind.ts';
import type { Recipe } from '../core/recipe.ts';
import { findInexact } from '../lib/text/exact-json.ts';
import { providerDefinitions } from '../providers/registry.ts';
import { schemaParts } from './schema-parts.ts';

const { text } = schemaParts;

/** A text in which placeholders are filled in. */
const template = z.string().superRefine((given, context) => {
  const found = misspelt(given);
  if (found === null) return;
  const { written, meant } = found;
  context.addIssue({
    code: 'custom',
    message: `${written} is not a placeholder; is it ${meant}?`,
  });
});

const forAllKinds = {
  command: z.array(template.min(1), { error: notAList }).min(1),
  cwd: text.optional(),
  env: z.record(text, template).optional(),
  dataset: text.optional(),
  description: text.max(500, 'it has over 500 characters').optional(),
  configSchema: z
    .custom<JsonObject>(isObject, 'it must be an object')
    .superRefine(checkConfigSchema)
    .optional(),
  // `z.record` would drop a key named __proto__.
  defaults: z
    .custom<JsonObject>(isObject, 'it must be an object')
    .superRefine((defaults, context) => {
      const message = findInexact(defaults, 'defaults');
      if (message !== null) context.addIssue({ code: 'custom', message });
    })
    .optional(),
};

/** Notes what is wrong with a JSON Schema. */
function checkConfigSchema(schema: JsonObject, context: z.RefinementCtx): void {
  const message = configSchemaFault(schema);
  if (message !== null) context.addIssue({ code: 'custom', message });
}

/** Shows a command line as the list that it must be. */
function notAList({ input }: { input?: unknown }): string {
  const line = typeof input === 'string' && !/["'\\]/.test(input) ? input.trim() : '';
  const words = line === '' || line.length > 200 ? ['python3', 'train.py'] : line.split(/\s+/);
  return `it must be an array of words, because no shell reads it: ${JSON.stringify(words)}`;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A checked recipe in the form of the configuration file, with the settings of all kinds. */
type FileRecipe = Readonly<Record<string, unknown>>;

/** The schema of one recipe of the file: settings for all kinds and, under a kind's word, settings for that kind. */
export const recipeSchema = z.strictObject({
  ...forAllKinds,
  ...Object.assign({}, ...providerDefinitions.map(settingsOf)),
});

function settingsOf(definition: ProviderDefinition): z.ZodRawShape {
  const settings = definition.recipeSettings(schemaParts);
  if (Object.keys(settings).length === 0) return {};
  const ofKind = { [kindWord(definition)]: z.strictObject(settings).optional() };
  return definition.recipeSettingsAtTop ? { ...settings, ...ofKind } : ofKind;
}

/** The recipes for providers of one kind. The operator's replace shipped ones of the same name. */
export function recipesOf(
  definition: ProviderDefinition,
  recipes: Readonly<Record<string, FileRecipe>>,
): Record<string, Recipe> {
  const settings = z.object(definition.recipeSettings(schemaParts)).partial();
  const read = (recipe: FileRecipe): Recipe => ({
    ...recipeForAll(recipe),
    ...(definition.recipeSettingsAtTop ? settings.parse(recipe) : {}),
    ...settings.parse(recipe[kindWord(definition)] ?? {}),
  });
  return { ...definition.shippedRecipes, ...mapValues(recipes, read) };
}

/** The recipes for a training server, without the settings of other kinds. */
export function trainerRecipes(
  recipes: Readonly<Record<string, FileRecipe>>,
): Record<string, Recipe> {
  return mapValues(recipes, recipeForAll);
}

function recipeForAll(recipe: FileRecipe): Recipe {
  return z.object(forAllKinds).parse(recipe);
}

function mapValues<In, Out>(
  values: Readonly<Record<string, In>>,
  map: (value: In) => Out,
): Record<string, Out> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value)]));
}
