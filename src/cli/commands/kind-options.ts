import type { KindFlag } from '../definitions/kind-flags.ts';
import { asFields, type Fields, usage } from './config-items.ts';

/** The options that only one kind understands, under its word: the file's, which flags replace. */
export function optionsOfKinds(
  { fields, flags, ofKinds }: { fields: Fields; flags: Fields; ofKinds: readonly KindFlag[] },
  environment: NodeJS.ProcessEnv,
): Fields {
  const merged: Record<string, Fields> = {};
  for (const { option, word, field, isEnvironment } of ofKinds) {
    const value = flags[option.attributeName()];
    if (value === undefined) continue;
    const given = isEnvironment && isTexts(value) ? readEnv(value, environment) : value;
    merged[word] = { ...asFields(fields[word]), ...merged[word], [field]: given };
  }
  return merged;
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

/** Reads `NAME=VALUE`, or `NAME` alone for the value of a variable here, so that secrets stay off the command line. */
function readEnv(items: readonly string[], environment: NodeJS.ProcessEnv) {
  return items.map((item) => {
    const at = item.indexOf('=');
    const name = at === -1 ? item : item.slice(0, at);
    const value = at === -1 ? environment[name] : item.slice(at + 1);
    if (name !== '' && value !== undefined) return { name, value };
    throw usage(`--env ${item}: give NAME=VALUE, or the NAME of a variable that is set here.`);
  });
}
