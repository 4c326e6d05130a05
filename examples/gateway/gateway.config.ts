import { defineConfig } from '@graphql-hive/gateway';

export const gatewayConfig = defineConfig({
  host: '127.0.0.1',
  supergraph: 'supergraph.graphql',
  propagateHeaders: {
    // What Trainyard is shown is what the client has shown: as a header, or over graphql-ws as a
    // connection parameter, whose name a client may write either way.
    fromClientToSubgraphs: ({ context }) => ({
      authorization: context.headers.authorization ?? context.headers.Authorization,
    }),
  },
  transportEntries: {
    // By the subgraph's name, as compose.ts says it. Queries and mutations stay on HTTP.
    trainyard: {
      options: {
        subscriptions: {
          kind: 'ws',
          location: '/graphql',
          options: {
            // Those that the client has not sent are left out.
            connectionParams: {
              authorization: '{context.headers.authorization}',
              Authorization: '{context.headers.Authorization}',
            },
          },
        },
      },
    },
  },
});
