import { readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const project = fileURLToPath(new URL('../', import.meta.url));

/** True where `dist` was built of the sources as they are now, or where there are no sources, as in a package. */
export function isBuilt() {
  const built = modifiedAt(`${project}dist/cli.js`);
  if (built === null) return false;
  const sources = ['src', 'packages/client/src'].flatMap((folder) => filesIn(project + folder));
  if (sources.length === 0) return true;
  return [`${project}build.ts`, `${project}package-lock.json`, ...sources].every(
    (path) => (modifiedAt(path) ?? 0) <= built,
  );
}

/** A folder and all that is in it; folders tell of files that are gone. */
function filesIn(folder) {
  if (modifiedAt(folder) === null) return [];
  const entries = readdirSync(folder, { withFileTypes: true });
  const paths = entries.flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory() ? filesIn(path) : path;
  });
  return [folder, ...paths];
}

/** In milliseconds since 1970; null for what is not there. */
function modifiedAt(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? null;
}
