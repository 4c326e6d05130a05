import { execFile } from 'node:child_process';
import { cp, glob, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { rolldown } from 'rolldown';
import { compactDocuments } from './compact-documents.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
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
  await cp(`${root}schema/schema.graphql`, 'dist/schema.graphql');
  await cp(`${root}LICENSE`, 'dist/LICENSE');
  await cp('README.md', 'dist/README.md');
  await writeFile('dist/package.json', `${JSON.stringify(await manifest(), null, 2)}\n`);
}

/** Apollo and urql stay outside; graphql-ws's client and the printer of graphql, both MIT licensed, come with it. */
async function writeModules(): Promise<void> {
  const bundle = await rolldown({
    input: entries,
    platform: 'browser',
    external: [/^@apollo\/client/, /^@urql\/core/],
    plugins: [compactDocuments],
  });
  await bundle.write({ dir: 'dist', minify: true, chunkFileNames: '[name].js' });
  await bundle.close();
  const licences = await Promise.all(
    ['graphql-ws/LICENSE.md', 'graphql/LICENSE'].map(async (path) => {
      return `${dirname(path)}\n\n${await readFile(`${root}node_modules/${path}`, 'utf8')}`;
    }),
  );
  await writeFile('dist/LICENSES.txt', licences.join('\n'));
}

/** A declaration beside each module, and those of graphql-ws's client, whose types are part of ours. */
async function writeTypes(): Promise<void> {
  await run(`${root}node_modules/.bin/tsc`, ['-p', 'tsconfig.build.json']);
  await rename('dist/types/packages/client/src', 'dist/declared');
  await rm('dist/types', { recursive: true });
  await rename('dist/declared', 'dist/types');
  for (const name of ['client.d.ts', 'common-*.d.ts']) {
    for await (const file of glob(name, { cwd: `${socketPackage}/dist` })) {
      const declared = await readFile(`${socketPackage}/dist/${file}`, 'utf8');
      await mkdir('dist/types/graphql-ws', { recursive: true });
      await writeFile(
        `dist/types/graphql-ws/${file}`,
        declared.replaceAll(/^\s*\/\*\*.*?\*\/\n/gms, ''),
      );
    }
  }
  for await (const file of glob('dist/types/**/*.d.ts')) {
    const declared = await readFile(file, 'utf8');
    const from = relative(dirname(file), 'dist/types/graphql-ws/client.js');
    const path = from.startsWith('.') ? from : `./${from}`;
    await writeFile(file, declared.replaceAll(`'graphql-ws/client'`, `'${path}'`));
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
