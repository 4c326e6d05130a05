import { once } from 'node:events';
import { WebSocket } from 'ws';
import { now } from './lines-source.ts';

// Many viewers in one process. Counts lines by the frames' own offsets, and never parses a frame whole:
// the clients must not be what is measured.
const [url = '', jobId = '', count = '0'] = process.argv.slice(2);
const query = 'subscription ($id: ID!) { logStream(jobId: $id) { offset nextOffset lines } }';
const subscribe = JSON.stringify({
  id: 'x',
  type: 'subscribe',
  payload: { query, variables: { id: jobId } },
});
const range = /"offset":(\d+),"nextOffset":(\d+)/;

let lines = 0;
let holes = 0;
let frames = 0;
let latencies: number[] = [];

async function view(): Promise<void> {
  const socket = new WebSocket(
    url.replace('http', 'ws').concat('/graphql'),
    'graphql-transport-ws',
    {
      skipUTF8Validation: true,
    },
  );
  let next = 0;
  await once(socket, 'open');
  socket.send('{"type":"connection_init"}');
  await once(socket, 'message');
  socket.on('message', (data: Buffer) => {
    const [, from, to] = range.exec(data.toString('latin1', 0, 200)) ?? [];
    if (from === undefined) return;
    if (Number(from) !== next) holes += 1;
    next = Number(to);
    lines += next - Number(from);
    frames += 1;
    if (to !== from && frames % 50 === 0) latencies.push(ageOf(data));
  });
  socket.send(subscribe);
}

/** How old the line in the middle of a frame is. */
function ageOf(frame: Buffer): number {
  const { lines } = JSON.parse(frame.toString()).payload.data.logStream;
  return now() - Number(lines[lines.length >> 1].split(' ', 1)[0]);
}

for (let index = 0; index < Number(count); index += 50) {
  await Promise.all(Array.from({ length: Math.min(50, Number(count) - index) }, view));
}
process.send?.('ready');
process.on('message', () => {
  process.send?.({ lines, holes, frames, latencies });
  lines = 0;
  frames = 0;
  latencies = [];
});
process.once('disconnect', () => process.exit());
