// Prints a job's log from its first line to its last, live: node follow.ts JOB_ID [SERVER]
import { createSocket, followLog } from '@trainyard/client';

const [jobId = '', server = 'http://127.0.0.1:4000'] = process.argv.slice(2);

const socket = createSocket({ url: `${server.replace('http', 'ws')}/graphql` });

for await (const page of followLog({ client: socket, jobId })) {
  for (const line of page.lines) console.log(line);
}
await socket.dispose();
