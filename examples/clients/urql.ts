// A job's log in urql, paged and live: node urql.ts JOB_ID [SERVER]

import { createSocket, followLog, LogTextPageDocument } from '@trainyard/client';
import { type LogList, mergePage, socketExchange } from '@trainyard/client/urql';
import { Client, cacheExchange, fetchExchange } from '@urql/core';

const [jobId = '', server = 'http://127.0.0.1:4000'] = process.argv.slice(2);

const socket = createSocket({ url: `${server.replace('http', 'ws')}/graphql` });
const client = new Client({
  url: `${server}/graphql`,
  preferGetMethod: false,
  exchanges: [cacheExchange, fetchExchange, socketExchange(socket)],
});

async function load(list: LogList | null, offset: number): Promise<LogList> {
  const { data, error } = await client.query(LogTextPageDocument, { jobId, offset, limit: 100 });
  if (!data?.logs) throw error ?? new Error('no data');
  return mergePage(list, data.logs);
}

function show({ lines, offset, total }: LogList) {
  console.log(`${lines.length} of ${total} lines, from ${offset} on: ... ${lines.at(-1)}`);
}

// The last 100 lines, then the 100 lines before them.
let list = await load(null, -100);
list = await load(list, Math.max(0, list.offset - 100));
show(list);

// Every line that comes, once, across lost connections, until the job is over.
for await (const page of followLog({ client: socket, jobId, offset: list.nextOffset })) {
  list = mergePage(list, page);
  show(list);
}
await socket.dispose();
