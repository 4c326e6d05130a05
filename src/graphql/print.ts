import { readFile, writeFile } from 'node:fs/promises';
import { printApi, printSubgraph } from './engine/federation.ts';
import { schema } from './schema.ts';

// Writes schema/schema.graphql, for gateways, and schema/api.graphql, the same for all else. With --check it fails
// instead, where a file is not up to date.
for (const [name, printed] of [
  ['schema.graphql', printSubgraph(schema)],
  ['api.graphql', printApi(schema)],
] as const) {
  const file = new URL(`../../schema/${name}`, import.meta.url);
  if (!process.argv.includes('--check')) {
    await writeFile(file, printed);
  } else if ((await readFile(file, 'utf8').catch(() => '')) !== printed) {
    console.error(
      `schema/${name} is not up to date: run \`npm run schema\` and review the change.`,
    );
    process.exitCode = 1;
  }
}
