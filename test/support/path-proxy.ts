import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

export interface PathProxy extends AsyncDisposable {
  /** Where it listens, without the path. */
  readonly url: string;
  /** What was asked for outside of the path. */
  readonly strays: readonly string[];
}

/** A reverse proxy that serves a server below a path, as people put one before several. */
export async function openPathProxy(target: string, prefix: string): Promise<PathProxy> {
  const strays: string[] = [];
  const sockets = new Set<Duplex>();
  const forward = (incoming: IncomingMessage) => {
    if (!incoming.url?.startsWith(`${prefix}/`)) {
      strays.push(incoming.url ?? '');
      return null;
    }
    const { method, headers, url } = incoming;
    return request(target + url.slice(prefix.length), { method, headers });
  };
  const server = createServer((incoming, response) => {
    const outgoing = forward(incoming);
    if (!outgoing) return void response.writeHead(404).end();
    outgoing.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    outgoing.on('error', () => response.destroy());
    incoming.pipe(outgoing);
  });
  server.on('upgrade', (incoming, socket) => {
    const outgoing = forward(incoming);
    if (!outgoing) return void socket.destroy();
    sockets.add(socket);
    socket.on('error', () => {});
    outgoing.on('upgrade', (answer, upstream) => {
      const head = Object.entries(answer.headers).map(([name, value]) => `${name}: ${value}`);
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${head.join('\r\n')}\r\n\r\n`);
      upstream.on('error', () => socket.destroy());
      upstream.pipe(socket).pipe(upstream);
    });
    outgoing.on('error', () => socket.destroy());
    outgoing.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    strays,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
