/**
 * Prints a job's log to its end, as a program of a user's would, with a connection that is soon found silent:
 * `node follow.ts ADDRESS JOB_ID [wait]`; with `wait` it disposes of the connection when its input has ended.
 */
import { createSocket, followLog } from '@trainyard/client';

const [url = '', jobId = '', wait] = process.argv.slice(2);
const client = createSocket({ url, keepAlive: 50, lazy: false });
for await (const page of followLog({ client, jobId, retry: { firstMs: 1, maxMs: 1 } })) {
  for (const line of page.lines) console.log(line);
}
if (wait) for await (const _ of process.stdin);
await client.dispose();
