import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { Bodies } from '../../src/server/graph/bodies.ts';

const maxBytes = 10_000;

async function openBodies(together: number) {
  const bodies = new Bodies({ maxBytes: together });
  const read: (string | null)[] = [];
  const server = createServer((request, response) => {
    bodies.read(request, { maxBytes, turn: () => Promise.resolve() }).then(
      (body) => {
        read.push(body);
        response.end('read');
      },
      () => response.destroy(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const say = async (length: number, text: string): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.resume();
    socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n${text}`);
    onTestFinished(() => void socket.destroy());
    return socket;
  };
  return { bodies, read, say };
}

test('bodies that do not end are held up to a bound, and the oldest is dropped for a new one', async () => {
  const { bodies, read, say } = await openBodies(25_000);
  const slow: Socket[] = [];
  for (let n = 1; n <= 3; n += 1) {
    slow.push(await say(10_000, 'x'.repeat(8000)));
    await expect.poll(() => bodies.bytes).toBe(n * 8000);
  }
  const gone = slow.slice(0, 1).map((socket) => once(socket, 'close'));
  await say(5000, 'y'.repeat(5000));
  await Promise.all(gone);
  await expect.poll(() => read).toEqual(['y'.repeat(5000)]);
  expect(slow.map(({ closed }) => closed)).toEqual([true, false, false]);
  await expect.poll(() => bodies.bytes).toBe(16_000);
  for (const socket of slow) socket.destroy();
  await expect.poll(() => bodies.bytes).toBe(0);
});

test('a body that is too large is not read', async () => {
  const { bodies, read, say } = await openBodies(1_000_000);
  await say(10_001, 'x');
  await expect.poll(() => read).toEqual([null]);
  expect(bodies.bytes).toBe(0);
});
