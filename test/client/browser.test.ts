import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';

/** The packages that a module and all that it imports need at run time. */
async function packagesOf(module: URL, seen = new Set<string>()): Promise<Set<string>> {
  const packages = new Set<string>();
  if (seen.has(module.href)) return packages;
  seen.add(module.href);
  const source = await readFile(module, 'utf8');
  for (const [, clause = '', name = ''] of source.matchAll(
    /^(?:import|export)\s([^;]*?)\sfrom '([^']+)';/gm,
  )) {
    if (clause.startsWith('type ')) continue;
    if (!name.startsWith('.')) packages.add(name);
    else for (const of of await packagesOf(new URL(name, module), seen)) packages.add(of);
  }
  return packages;
}

test.for([
  ['.', ['graphql-ws/client']],
  ['apollo', []],
  ['urql', ['@urql/core']],
] as const)(
  'what a browser loads of @trainyard/client/%s needs nothing of Node',
  async ([name, needs]) => {
    const entry = new URL(`../../packages/client/src/${name}/index.ts`, import.meta.url);
    expect([...(await packagesOf(entry))].sort()).toEqual(needs);
  },
);
