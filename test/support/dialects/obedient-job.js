/** A training job that does what its test says, over a loopback connection: `node obedient-job.js PORT ID`. JavaScript starts twice as fast as what must be stripped of its types. */
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

const [port, id] = process.argv.slice(2);
const socket = connect(Number(port), '127.0.0.1');
socket.write(`${id}\n`);
socket.on('close', () => process.exit());
for await (const order of createInterface({ input: socket })) {
  const { print, exit } = JSON.parse(order);
  for (const line of print ?? []) process.stdout.write(`${line}\n`);
  if (exit !== undefined) process.exit(exit);
}
