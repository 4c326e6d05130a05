/** One setting, and what it is for each job; undefined where a job has none. */
export interface Difference {
  path: string;
  values: readonly (string | undefined)[];
}

/** The settings in which some configs differ, by their paths, such as `optimizer.lr`. */
export function differences(configs: readonly unknown[]): Difference[] {
  const flat = configs.map((config) => flattened(config));
  const paths = new Set(flat.flatMap((settings) => [...settings.keys()]));
  return [...paths].sort().flatMap((path) => {
    const values = flat.map((settings) => settings.get(path));
    return new Set(values).size > 1 ? { path, values } : [];
  });
}

/** Every value that is no object, as JSON, by its path. */
function flattened(value: unknown, path = '', into = new Map<string, string>()) {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    into.set(path, JSON.stringify(value));
  } else {
    for (const [key, part] of Object.entries(value)) {
      flattened(part, path ? `${path}.${key}` : key, into);
    }
  }
  return into;
}
