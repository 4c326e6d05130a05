import { execFile } from 'node:child_process';
import { cp, glob, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parse, print, visit } from 'graphql';
import { rolldown } from 'rolldown';
import { compactDocuments } from './compact-documents.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
const schema = `${root}schema/api.graphql`;
const socketPackage = `${root}node_modules/graphql-ws`;
const entries = { index: 'src/index.ts', apollo: 'src/apollo/index.ts', urql: 'src/urql/index.ts' };

/**
 * Writes the package as it is published to `dist`: modules with all that they need, so that nothing else
 * is installed, their types, and the schema. A checkout needs none of it, for Node runs the sources.
 */
export async function build(): Promise<void> {
  process.chdir(import.meta.dirname);
  await rm('dist', { recursive: true, force: true });
  await writeModules();
  await writeTypes();
  await writeFile('dist/schema.graphql', withoutDescriptions(await readFile(schema, 'utf8')));
  await cp(`${root}LICENSE`, 'dist/LICENSE');
  await cp('README.md', 'dist/README.md');
  await writeFile('dist/package.json', `${JSON.stringify(await manifest(), null, 2)}\n`);
}

/** Three quarters of the schema are what it says to people, who find that in GraphiQL and in `trainyard/api.graphql`. */
function withoutDescriptions(text: string): string {
  const bare = visit(parse(text), {
    enter: (node) => ('description' in node ? { ...node, description: undefined } : undefined),
  });
  return `${print(bare)}\n`;
}

/** Apollo and urql stay outside; graphql-ws's client, MIT licensed, comes with it. */
async function writeModules(): Promise<void> {
  const bundle = await rolldown({
    input: entries,
    platform: 'browser',
    external: [/^@apollo\/client/, /^@urql\/core/],
    plugins: [compactDocuments],
  });
  await bundle.write({ dir: 'dist', minify: true, chunkFileNames: '[name].js' });
  await bundle.close();
  await cp(`${socketPackage}/LICENSE.md`, 'dist/LICENSE-graphql-ws.md');
}

/** The declarations that the entries need, and of those that they name of graphql-ws's client, without comments. */
async function writeTypes(): Promise<void> {
  await run(`${root}node_modules/.bin/tsc`, ['-p', 'tsconfig.build.json']);
  const declared = 'dist/declared/packages/client/src';
  await Promise.all(
    Object.values(entries).map((entry) =>
      copyTypes(entry.replace(/^src\/(.*)\.ts$/, '$1.d.ts'), declared),
    ),
  );
  await rm('dist/declared', { recursive: true });
  for (const name of ['client.d.ts', 'common-*.d.ts']) {
    for await (const file of glob(name, { cwd: `${socketPackage}/dist` })) {
      const types = await readFile(`${socketPackage}/dist/${file}`, 'utf8');
      await mkdir('dist/types/graphql-ws', { recursive: true });
      await writeFile(`dist/types/graphql-ws/${file}`, indentedByTabs(withoutComments(types)));
    }
  }
}

function withoutComments(types: string): string {
  return types.replaceAll(/^\s*\/\*\*.*?\*\/\n/gms, '');
}

function indentedByTabs(types: string): string {
  return types.replaceAll(/^(?: {4})+/gm, (spaces) => '\t'.repeat(spaces.length / 4));
}

/** Copies a declaration, and all that it imports of this package. */
async function copyTypes(file: string, from: string): Promise<void> {
  const types = await readFile(`${from}/${file}`, 'utf8');
  const socketTypes = relative(dirname(`/${file}`), '/graphql-ws/client.js');
  const path = socketTypes.startsWith('.') ? socketTypes : `./${socketTypes}`;
  await mkdir(dirname(`dist/types/${file}`), { recursive: true });
  await writeFile(
    `dist/types/${file}`,
    indentedByTabs(types.replaceAll(`'graphql-ws/client'`, `'${path}'`)),
  );
  for (const [, imported = ''] of types.matchAll(/from '(\.[^']*)\.[jt]s'/g)) {
    await copyTypes(`${join(dirname(file), imported)}.d.ts`, from);
  }
}

/** The package's description as it is published: what the checkout runs as sources are modules there. */
async function manifest(): Promise<object> {
  const { private: _, exports: __, ...rest } = JSON.parse(await readFile('package.json', 'utf8'));
  const modules = Object.entries(entries).map(([name, source]) => [
    name === 'index' ? '.' : `./${name}`,
    {
      types: `./types/${source.replace(/^src\/(.*)\.ts$/, '$1.d.ts')}`,
      default: `./${name}.js`,
    },
  ]);
  return {
    ...rest,
    exports: { ...Object.fromEntries(modules), './schema.graphql': './schema.graphql' },
  };
}

if (import.meta.main) await build();
