import type { Provider } from '../core/provider.ts';

/**
 * A sentence about the recipes of the configuration file that no provider runs, such as those that a training server
 * on another machine would need in a file of its own. Null where there are none, and while a provider that could not
 * be asked yet may run any.
 */
export function idleRecipesWarning(
  { names, file }: { names: readonly string[]; file: string },
  providers: readonly Provider[],
): string | null {
  if (providers.some(({ recipesUnknown }) => recipesUnknown)) return null;
  const idle = names.filter((name) => !providers.some((provider) => runs(provider, name)));
  if (idle.length === 0) return null;
  const which = idle.length === 1 ? 'The recipe' : 'The recipes';
  const them = idle.length === 1 ? 'it' : 'them';
  return `${which} ${idle.join(', ')} of ${file} cannot be chosen: no provider here runs ${them}. A training server on another machine has its own recipes, in the file there.`;
}

function runs(provider: Provider, recipe: string): boolean {
  return provider.recipes().includes(recipe) || provider.hasRecipe?.(recipe) === true;
}
