import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { rolldown } from 'rolldown';
import { licenses } from '../../licenses.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Writes the package as it is published to `dist`: the training server and the runner of its jobs with all that they
 * import, so that nothing else is installed but, where npm finds one, a Node.
 */
export async function build(): Promise<void> {
  process.chdir(import.meta.dirname);
  await rm('dist', { recursive: true, force: true });
  await writePrograms();
  await run(`${root}node_modules/.bin/tsc`, [
    ...['-p', `${root}examples/tiny-lm/tsconfig.build.json`],
    ...['--outDir', 'dist/dist/examples'],
  ]);
  const words = 'examples/tiny-lm/words.txt';
  await cp(`${root}${words}`, `dist/dist/${words}`);
  await mkdir('dist/bin');
  await cp('bin.js', 'dist/bin/trainer.js');
  await chmod('dist/bin/trainer.js', 0o755);
  await cp(`${root}bin/own-node.js`, 'dist/bin/own-node.js');
  await cp(`${root}LICENSE`, 'dist/LICENSE');
  await cp('README.md', 'dist/README.md');
  const { private: _, ...manifest } = JSON.parse(await readFile('package.json', 'utf8'));
  const bin = { 'trainyard-trainer': 'bin/trainer.js' };
  await writeFile('dist/package.json', `${JSON.stringify({ ...manifest, bin }, null, 2)}\n`);
}

async function writePrograms(): Promise<void> {
  const bundle = await rolldown({
    input: { main: 'src/main.ts', runner: `${root}src/trainer/process/runner.ts` },
    platform: 'node',
    // The configuration file may name providers, which only Trainyard opens; half of all the code would be for them.
    external: /\/providers\/\w+\/provider\.ts$/,
  });
  const { output } = await bundle.write({
    dir: 'dist/dist',
    chunkFileNames: '[name]-[hash].js',
    charset: 'ascii',
    comments: false,
    minify: true,
  });
  await bundle.close();
  const modules = output.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
  await writeFile('dist/dist/LICENSES.txt', await licenses(modules));
}

if (import.meta.main) await build();
