import { readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const project = fileURLToPath(new URL('../', import.meta.url));

/** True where `dist` was built of the sources as they are now, or where there are no sources, as in a package. */
export function isBuilt() {
  const built = modifiedAt('dist/cli.js');
  return built > 0 && sources().every((file) => modifiedAt(file) <= built);
}

/** All that the build depends on; folders, too, since they tell of files that are gone. */
function sources() {
  if (modifiedAt('src') === 0) return [];
  const files = readdirSync(`${project}src`, { recursive: true });
  return ['build.ts', 'package-lock.json', 'src', ...files.map((file) => `src/${file}`)];
}

/** In milliseconds since 1970; 0 for what is not there. */
function modifiedAt(file) {
  return statSync(project + file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
