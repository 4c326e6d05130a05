import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openFolder } from '../support/folder.ts';
import { composeWithApollo } from './support/apollo.ts';
import { runExample } from './support/process.ts';

const urls = { trainyard: 'http://127.0.0.1:1/graphql', owners: 'http://127.0.0.1:2/graphql' };

/** A job is known by its id to both subgraphs, which is what lets each add fields of its own. */
const jobOfBoth = /type Job\s+(@join__type\(graph: (TRAINYARD|OWNERS), key: "id"\)\s*){2}/;

test('the example composes the printed schema with a subgraph that extends jobs', async () => {
  await using folder = await openFolder();
  const file = join(folder.path, 'supergraph.graphql');
  await using _compose = await runExample('compose.ts', {
    args: [file],
    env: { TRAINYARD_URL: urls.trainyard, OWNERS_URL: urls.owners },
  });
  const supergraph = await readFile(file, 'utf8');
  expect(supergraph).toMatch(jobOfBoth);
  expect(supergraph).toContain(`@join__graph(name: "trainyard", url: "${urls.trainyard}")`);
});

test("Apollo's composition takes the same schemas, without a remark", async () => {
  const { supergraphSdl, errors, hints } = await composeWithApollo(urls);
  expect(errors ?? []).toEqual([]);
  expect(hints?.map(({ message }) => message)).toEqual([]);
  expect(supergraphSdl).toMatch(jobOfBoth);
});
