import { readFile } from 'node:fs/promises';
import { composeServices } from '@apollo/composition';
import { ApolloGateway, RemoteGraphQLDataSource } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { parse } from 'graphql';
import { openOwners } from './owners.ts';

/** Composes Trainyard's printed schema with the example's second subgraph, as Apollo does it. */
export async function composeWithApollo(urls: { trainyard: string; owners: string }) {
  const read = async (path: string) =>
    parse(await readFile(new URL(`../../../${path}`, import.meta.url), 'utf8'));
  return composeServices([
    { name: 'trainyard', url: urls.trainyard, typeDefs: await read('schema/schema.graphql') },
    {
      name: 'owners',
      url: urls.owners,
      typeDefs: await read('examples/gateway/owners.graphql'),
    },
  ]);
}

interface Context {
  authorization?: string | undefined;
}

/** Shows the subgraphs what the client has shown. */
class Subgraph extends RemoteGraphQLDataSource<Context> {
  override willSendRequest({
    request,
    context,
  }: Parameters<NonNullable<RemoteGraphQLDataSource<Context>['willSendRequest']>>[0]) {
    if (context.authorization) request.http?.headers.set('authorization', context.authorization);
  }
}

/** Apollo Gateway before a Trainyard at `url` and the example's second subgraph. */
export async function openApolloGateway(url: string): Promise<{ url: string } & AsyncDisposable> {
  await using opened = new AsyncDisposableStack();
  const owners = opened.use(await openOwners());
  const { supergraphSdl, errors } = await composeWithApollo({
    trainyard: `${url}/graphql`,
    owners: owners.url,
  });
  if (!supergraphSdl) throw new Error(errors?.map(({ message }) => message).join('\n'));
  const server = new ApolloServer<Context>({
    gateway: new ApolloGateway({
      supergraphSdl,
      buildService: ({ url: address }) => new Subgraph({ url: address }),
    }),
    stopOnTerminationSignals: false,
  });
  opened.defer(() => server.stop());
  const { url: address } = await startStandaloneServer(server, {
    listen: { host: '127.0.0.1', port: 0 },
    context: async ({ req }) => ({ authorization: req.headers.authorization }),
  });
  const parts = opened.move();
  return {
    url: new URL(address).origin,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}
