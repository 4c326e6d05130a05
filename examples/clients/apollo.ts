// A job's log in Apollo Client, paged and live: node apollo.ts JOB_ID [SERVER]
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { createSocket, LogTextPageDocument } from '@trainyard/client';
import { followIntoCache, logTypePolicies } from '@trainyard/client/apollo';
import { OperationTypeNode } from 'graphql';

const [jobId = '', server = 'http://127.0.0.1:4000'] = process.argv.slice(2);

const socket = createSocket({ url: `${server.replace('http', 'ws')}/graphql` });
const client = new ApolloClient({
  cache: new InMemoryCache({ typePolicies: logTypePolicies() }),
  link: ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    new GraphQLWsLink(socket),
    new HttpLink({ uri: `${server}/graphql` }),
  ),
});

// The last 100 lines. What is added to the cached list, at either end, this query shows as well.
const variables = { jobId, offset: -100, limit: 100 };
const log = client.watchQuery({ query: LogTextPageDocument, variables });
log.subscribe(({ data, dataState }) => {
  if (dataState !== 'complete' || !data.logs) return;
  const { lines, offset, total } = data.logs;
  console.log(`${lines.length} of ${total} lines, from ${offset} on: ... ${lines.at(-1)}`);
});
const { data } = await client.query({ query: LogTextPageDocument, variables });

// The 100 lines before them.
const before = Math.max(0, (data?.logs?.offset ?? 0) - 100);
await log.fetchMore({ variables: { offset: before } });

// Every line that comes, once, across lost connections, until the job is over.
await followIntoCache(client.cache, { client: socket, jobId });

await socket.dispose();
