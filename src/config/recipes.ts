import { z } from 'zod';
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
    message: `${written} is filled in by nobody; is it ${meant}?`,
  });
});

const forAllKinds = {
  command: z.array(template.min(1), { error: notAList }).min(1),
  cwd: text.optional(),
  env: z.record(text, template).optional(),
  dataset: text.optional(),
  // `z.record` would drop a key named __proto__.
  defaults: z
    .custom<JsonObject>(isObject, 'it must be an object')
    .superRefine((defaults, context) => {
      const message = findInexact(defaults, 'defaults');
      if (message !== null) context.addIssue({ code: 'custom', message });
    })
    .optional(),
};

/** Shows a command line as the list that it must be. */
function notAList({ input }: { input?: unknown }): string {
  const line = typeof input === 'string' && !/["'\\]/.test(input) ? input.trim() : '';
  const words = line === '' || line.length > 200 ? ['python3', 'train.py'] : line.split(/\s+/);
  return `it must be an array of words, for no shell reads it: ${JSON.stringify(words)}`;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A recipe as the configuration file has it, checked: what a kind alone understands is still in its place. */
type FileRecipe = Readonly<Record<string, unknown>>;

/** One recipe of the file: what holds for all kinds, and under a kind's word what holds for it alone. */
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

/** The recipes for providers of one kind: those that it brings, and over them the operator's. */
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

/** The recipes as a training server runs them. */
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
