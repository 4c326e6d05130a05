import type { Server } from 'node:http';

/** Listens, and resolves to the URL, such as `http://127.0.0.1:4000`. Rejects with Node's error, for example where the port is taken. */
export async function listen(
  server: Server,
  { host, port }: { host: string; port: number },
): Promise<string> {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, bare, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  return `http://${bare.includes(':') ? `[${bare}]` : bare}:${bound}`;
}

/** Stops accepting, ends the streams at once, and gives requests `closeMs` to finish. Resolves when all is quiet. */
export async function closeServer(
  server: Server,
  { endStreams, closeMs }: { endStreams: () => Promise<void>; closeMs: number },
): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  await endStreams();
  // Connections whose streams have just ended count as idle only in the next turn.
  setImmediate(() => server.closeIdleConnections());
  const late = setTimeout(() => server.closeAllConnections(), closeMs);
  await closed;
  clearTimeout(late);
}
