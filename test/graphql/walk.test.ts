import { expect, test } from 'vitest';
import { openTestApp } from '../support/app.ts';
import { deploy, graphql, graphSocket, serverSentEvents, subscribe } from '../support/clients.ts';

const stream = `subscription ($job: ID!) {
  logStream(jobId: $job) { offset lines nextOffset complete }
}`;

test('a job is deployed, streamed over both protocols, and paged', async () => {
  await using app = await openTestApp();
  const job = await deploy(app.url, { recipe: 'print', config: { lines: 3 } });
  using client = graphSocket(app.url);
  const lines = ['line 0', 'line 1', 'line 2'];
  const overSocket: string[] = [];
  for await (const { data } of subscribe(client, stream, { job })) {
    overSocket.push(...data.logStream.lines);
  }
  const overEvents: string[] = [];
  for await (const { data } of serverSentEvents(app.url, stream, { job })) {
    overEvents.push(...data.logStream.lines);
  }
  const { data } = await graphql(app.url, 'query ($job: ID!) { logs(jobId: $job) { lines } }', {
    job,
  });
  expect({ overSocket, overEvents, paged: data.logs.lines }).toEqual({
    overSocket: lines,
    overEvents: lines,
    paged: lines,
  });
});
