import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { parse } from 'graphql';
import { createYoga } from 'graphql-yoga';

/** A second subgraph, which knows whose job is whose: `PORT=4001 node owners.ts`. */
const owners = new Map<string, string>();

const schema = buildSubgraphSchema({
  typeDefs: parse(await readFile(new URL('owners.graphql', import.meta.url), 'utf8')),
  resolvers: {
    Job: {
      __resolveReference: ({ id }: { id: string }) => ({ id }),
      owner: ({ id }: { id: string }) => owners.get(id) ?? null,
    },
    Query: {
      jobsOf: (_root: unknown, { owner }: { owner: string }) =>
        [...owners].filter(([, name]) => name === owner).map(([id]) => ({ id })),
    },
    Mutation: {
      setOwner(_root: unknown, { jobId, owner }: { jobId: string; owner: string }) {
        owners.set(jobId, owner);
        return { id: jobId };
      },
    },
  },
});

const server = createServer(createYoga({ schema, landingPage: false }));
server.listen(Number(process.env.PORT ?? 4001), '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : address;
  console.log(`owners: http://127.0.0.1:${port}/graphql`);
});
