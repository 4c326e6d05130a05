import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';

/** The folder of the checkout or the installed package, wherever in it the built code lies. */
export const projectDir = dirname(findPackageJSON('.', import.meta.url) ?? '');

/** True in an installed package, where Node runs no TypeScript. */
export const isInstalled = import.meta.url.includes('/node_modules/');

/** The version that package.json names, such as `0.1.0`. */
export function projectVersion(): string {
  const content = readFileSync(join(projectDir, 'package.json'), 'utf8');
  const { version }: { version: string } = JSON.parse(content);
  return version;
}
