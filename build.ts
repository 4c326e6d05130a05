import { cp, glob, mkdir, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { isBuilt } from './bin/built.js';
import { licenses } from './licenses.ts';
import { bundleConsole } from './src/server/console/bundle.ts';

/**
 * Writes the programs to `dist`, each with all that it imports in a few files, which Node starts in half
 * the time. Does nothing where they are up to date.
 */
export async function build(): Promise<void> {
  if (isBuilt()) return;
  const startedAt = new Date();
  const { rolldown } = await import('rolldown');
  // Moved into place when complete: nobody ever starts half of it.
  const dir = `.cache/dist-${process.pid}`;
  const bundle = await rolldown({
    input: {
      cli: 'src/cli/main.ts',
      runner: 'src/trainer/process/runner.ts',
      'filter-worker': 'src/store/search-index/filter-worker.ts',
    },
    platform: 'node',
    // Native; 9 MB that only a person in front of the server needs; and what only a checkout needs.
    external: ['better-sqlite3', /^@graphql-yoga\/render-graphiql/, 'rolldown'],
  });
  const { output } = await bundle.write({
    dir,
    // With their hashes: a server that runs on while this is built again never loads half of each.
    chunkFileNames: '[name]-[hash].js',
    // One character outside of ASCII would double what Node has to decode, hash and keep.
    charset: 'ascii',
    comments: false,
  });
  await bundle.close();
  // What is read, not imported, lies beside whoever reads it.
  for await (const file of glob(['src/server/graphiql/*.js', 'src/providers/**/*.sh'])) {
    await cp(file, `${dir}/${basename(file)}`);
  }
  const page = await bundleConsole();
  await mkdir(`${dir}/console`);
  for (const [name, content] of page.files) await writeFile(`${dir}/console/${name}`, content);
  const words = 'examples/tiny-lm/words.txt';
  await cp(words, `${dir}/${words}`);
  // What front ends imported from here before it had a package of its own.
  for (const [name, module] of Object.entries(frontEnds)) {
    await writeFile(`${dir}/${name}.js`, `export * from '${module}';\n`);
    await writeFile(`${dir}/${name}.d.ts`, `export * from '${module}';\n`);
  }
  const chunks = output.filter((file) => file.type === 'chunk');
  const modules = [...chunks.flatMap(({ moduleIds }) => moduleIds), ...page.modules];
  await writeFile(`${dir}/LICENSES.txt`, await licenses(modules));
  // What is saved while this runs is newer than what was built.
  await utimes(`${dir}/cli.js`, startedAt, startedAt);
  await rm('dist', { recursive: true, force: true });
  await rename(dir, 'dist');
}

const frontEnds = {
  client: '@trainyard/client',
  apollo: '@trainyard/client/apollo',
  urql: '@trainyard/client/urql',
};

if (import.meta.main) {
  process.chdir(import.meta.dirname);
  await build();
}
