import { glob, readFile } from 'node:fs/promises';

/** The licence of each package that one of the modules belongs to. */
export async function licenses(modules: readonly string[]): Promise<string> {
  const packages = new Set<string>();
  for (const id of modules) {
    const [folder] = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id) ?? [];
    if (folder) packages.add(folder);
  }
  const texts: string[] = [];
  for (const folder of [...packages].sort()) {
    const { name, version, license } = JSON.parse(await readFile(`${folder}/package.json`, 'utf8'));
    texts.push(`${name} ${version} (${license})\n`);
    for await (const file of glob(`${folder}/{LICENSE,LICENCE,License,license,NOTICE}*`)) {
      texts.push(await readFile(file, 'utf8'));
    }
  }
  return texts.join('\n');
}
