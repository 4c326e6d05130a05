import { readFile, writeFile } from 'node:fs/promises';
import { printSubgraph } from './engine/federation.ts';
import { schema } from './schema.ts';

// Writes schema/schema.graphql. With --check it fails instead, where the file is not up to date.
const file = new URL('../../schema/schema.graphql', import.meta.url);
const printed = printSubgraph(schema);

if (!process.argv.includes('--check')) {
  await writeFile(file, printed);
} else if ((await readFile(file, 'utf8').catch(() => '')) !== printed) {
  console.error(
    'schema/schema.graphql is not up to date: run `npm run schema` and review the change.',
  );
  process.exitCode = 1;
}
