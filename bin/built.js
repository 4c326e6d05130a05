import { readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const project = fileURLToPath(new URL('../', import.meta.url));

/** True where `dist` was built of the sources as they are now, or where there are no sources, as in a package. */
export function isBuilt() {
  const built = modifiedAt(`${project}dist/cli.js`);
  const isOlder = (path) => modifiedAt(path) <= built;
  return (
    built > 0 &&
    isOlder(`${project}build.ts`) &&
    isOlder(`${project}package-lock.json`) &&
    filesIn(`${project}src`).every(isOlder)
  );
}

/** A folder and all that is in it; folders tell of files that are gone. */
function filesIn(folder) {
  if (modifiedAt(folder) === 0) return [];
  const entries = readdirSync(folder, { withFileTypes: true });
  const paths = entries.flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory() ? filesIn(path) : path;
  });
  return [folder, ...paths];
}

/** In milliseconds since 1970; 0 for what is not there. */
function modifiedAt(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
