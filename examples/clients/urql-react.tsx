// A job's log in a React app with urql: the last lines, live, and earlier ones at a click.

import {
  createSocket,
  followLog,
  type LogTextFragment,
  LogTextPageDocument,
} from '@trainyard/client';
import { type LogList, mergePage, socketExchange } from '@trainyard/client/urql';
import { Client, cacheExchange, fetchExchange } from '@urql/core';
import type { Client as Socket } from 'graphql-ws';
import { useEffect, useReducer, useState } from 'react';
import { createRoot } from 'react-dom/client';

export function JobLog(props: { jobId: string; client: Client; socket: Socket }) {
  const { jobId, client, socket } = props;
  const [failure, setFailure] = useState<Error>();
  const [log, addPage] = useReducer(
    (list: LogList | null, page: LogTextFragment) => mergePage(list, page),
    null,
  );

  useEffect(() => {
    const stop = new AbortController();
    const follow = async () => {
      const pages = followLog({ client: socket, jobId, offset: -100, signal: stop.signal });
      for await (const page of pages) addPage(page);
    };
    follow().catch(setFailure);
    return () => stop.abort();
  }, [socket, jobId]);

  if (failure) return <p>{failure.message}</p>;
  if (!log) return <p>Loading</p>;
  const { lines, offset, complete } = log;
  const loadEarlier = async () => {
    const before = { jobId, offset: Math.max(0, offset - 100), limit: 100 };
    const { data, error } = await client.query(LogTextPageDocument, before);
    if (data?.logs) addPage(data.logs);
    else setFailure(error);
  };
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
  const client = new Client({
    url: `${server}/graphql`,
    preferGetMethod: false,
    exchanges: [cacheExchange, fetchExchange, socketExchange(socket)],
  });
  createRoot(root).render(<JobLog jobId={jobId} client={client} socket={socket} />);
}
