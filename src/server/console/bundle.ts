import { createHash } from 'node:crypto';
import { glob, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { html } from './html.ts';

export interface ConsoleBundle {
  /** The console's files by name: `index.html`, and others whose names change with what is in them. */
  files: ReadonlyMap<string, Buffer>;
  /** The paths of the modules that went into them. */
  modules: readonly string[];
}

/** Bundles the console's sources. It takes a tenth of a second, and rolldown, which only a checkout has. */
export async function bundleConsole(): Promise<ConsoleBundle> {
  const { rolldown } = await import('rolldown');
  const bundle = await rolldown({
    input: { app: `${sources}main.tsx` },
    platform: 'browser',
    transform: { define: { 'process.env.NODE_ENV': '"production"' } },
  });
  const { output } = await bundle.generate({
    entryFileNames: '[name]-[hash].js',
    chunkFileNames: '[name]-[hash].js',
    minify: true,
    comments: false,
  });
  await bundle.close();
  const chunks = output.filter((file) => file.type === 'chunk');
  const files = new Map(chunks.map(({ fileName, code }) => [fileName, Buffer.from(code)]));
  const css = Buffer.from(await styles());
  const style = `app-${createHash('sha256').update(css).digest('base64url').slice(0, 8)}.css`;
  files.set(style, css);
  const script = chunks.find(({ isEntry }) => isEntry)?.fileName ?? '';
  files.set('index.html', Buffer.from(html({ script, style })));
  return { files, modules: chunks.flatMap(({ moduleIds }) => moduleIds) };
}

const sources = fileURLToPath(new URL('../../console/', import.meta.url));

/** All style sheets as one, without comments and indents. */
async function styles(): Promise<string> {
  const paths = await Array.fromAsync(glob(`${sources}**/*.css`));
  const charts = createRequire(import.meta.url).resolve('uplot/dist/uPlot.min.css');
  const texts = [charts, ...paths.sort()].map((path) => readFile(path, 'utf8'));
  return (await Promise.all(texts))
    .join('\n')
    .replace(/\/\*.*?\*\//gs, '')
    .replace(/\s*\n\s*/g, '\n');
}
