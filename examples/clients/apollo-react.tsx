// A job's log in a React app with Apollo Client: the last lines, live, and earlier ones at a click.
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { ApolloProvider, useApolloClient, useQuery } from '@apollo/client/react';
import { createSocket, LogTextPageDocument } from '@trainyard/client';
import { followIntoCache, logTypePolicies } from '@trainyard/client/apollo';
import { OperationTypeNode } from 'graphql';
import type { Client } from 'graphql-ws';
import { useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';

export function JobLog({ jobId, socket }: { jobId: string; socket: Client }) {
  const { cache } = useApolloClient();
  const [failure, setFailure] = useState<Error>();
  const { data, error, fetchMore } = useQuery(LogTextPageDocument, {
    variables: { jobId, offset: -100, limit: 100 },
  });

  useEffect(() => {
    const stop = new AbortController();
    const { signal } = stop;
    followIntoCache(cache, { client: socket, jobId, signal }).catch(setFailure);
    return () => stop.abort();
  }, [cache, socket, jobId]);

  if (error ?? failure) return <p>{(error ?? failure)?.message}</p>;
  if (!data?.logs) return <p>Loading</p>;
  const { lines, offset, complete } = data.logs;
  const loadEarlier = () => fetchMore({ variables: { offset: Math.max(0, offset - 100) } });
  return (
    <>
      {offset > 0 && (
        <button type="button" onClick={loadEarlier}>
          Earlier lines
        </button>
      )}
      <pre>{lines.join('\n')}</pre>
      <p>{complete ? 'The job is over.' : 'The log goes on.'}</p>
    </>
  );
}

/** Such as `mount(document.getElementById('root'), { server: 'http://127.0.0.1:4000', jobId })`. */
export function mount(root: Element, { server, jobId }: { server: string; jobId: string }): void {
  const socket = createSocket({ url: `${server.replace('http', 'ws')}/graphql` });
  const client = new ApolloClient({
    cache: new InMemoryCache({ typePolicies: logTypePolicies() }),
    link: ApolloLink.split(
      ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
      new GraphQLWsLink(socket),
      new HttpLink({ uri: `${server}/graphql` }),
    ),
  });
  createRoot(root).render(
    <ApolloProvider client={client}>
      <JobLog jobId={jobId} socket={socket} />
    </ApolloProvider>,
  );
}
