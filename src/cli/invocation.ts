import { basename, delimiter, dirname, relative, resolve } from 'node:path';

/** What tells how this program was started. */
interface Start {
  /** The path of the script that runs; undefined where a program has imported the command line. */
  script: string | undefined;
  folder: string;
  environment: NodeJS.ProcessEnv;
}

/** The words that start this program in the same way again, so that commands in hints run as they are printed. */
export function invocationOf({ script, folder, environment }: Start): string {
  // npm sets these for what it runs.
  if (environment.npm_command === 'exec') return 'npx trainyard';
  if (environment.npm_lifecycle_event === 'trainyard') return 'npm run --silent trainyard --';
  if (script === undefined) return 'trainyard';
  const path = resolve(folder, script);
  const isLink = basename(path) === 'trainyard';
  const folders = environment.PATH?.split(delimiter) ?? [];
  if (isLink && folders.includes(dirname(path))) return 'trainyard';
  const near = relative(folder, path);
  const shown = shellWord(near.startsWith('..') ? path : near);
  return isLink ? (shown.includes('/') ? shown : `./${shown}`) : `node ${shown}`;
}

/** A text as one word of a shell. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
