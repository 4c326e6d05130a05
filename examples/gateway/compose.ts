import { readFile, writeFile } from 'node:fs/promises';
import { composeServices } from '@theguild/federation-composition';
import { parse } from 'graphql';

/** Composes the subgraphs' schemas into the one that the gateway serves: `node compose.ts [FILE]`. */
const subgraphs = [
  {
    // The name under which gateway.config.ts knows Trainyard.
    name: 'trainyard',
    url: process.env.TRAINYARD_URL ?? 'http://127.0.0.1:4000/graphql',
    schema: '../../schema/schema.graphql',
  },
  {
    name: 'owners',
    url: process.env.OWNERS_URL ?? 'http://127.0.0.1:4001/graphql',
    schema: 'owners.graphql',
  },
];

const { supergraphSdl, errors } = composeServices(
  await Promise.all(
    subgraphs.map(async ({ name, url, schema }) => ({
      name,
      url,
      typeDefs: parse(await readFile(new URL(schema, import.meta.url), 'utf8')),
    })),
  ),
);
if (!supergraphSdl) {
  throw new Error(errors?.map(({ message }) => message).join('\n') ?? 'no supergraph');
}
const file = process.argv[2] ?? 'supergraph.graphql';
await writeFile(file, supergraphSdl);
console.log(`composed ${subgraphs.map(({ name }) => name).join(' and ')} into ${file}`);
