import { readdir, readFile } from 'node:fs/promises';

/**
 * The console's files by name: those that were built beside this program, or else, in a checkout, those that are
 * bundled now. Rejects where there is neither.
 */
export async function readConsole(): Promise<ReadonlyMap<string, Buffer>> {
  const folder = new URL('console/', import.meta.url);
  const names = await readdir(folder).catch(() => null);
  // In a checkout, this is a folder of sources, which has no such folder.
  if (names === null) return (await (await import('./bundle.ts')).bundleConsole()).files;
  const read = names.map(async (name) => [name, await readFile(new URL(name, folder))] as const);
  return new Map(await Promise.all(read));
}
