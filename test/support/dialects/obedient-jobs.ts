import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface ObedientJobs {
  /** Runs a job that waits for orders; for a recipe. */
  command: string[];
  /** The connection to a job, once it runs. */
  job(id: string): Promise<Order>;
  /** Ends every job that runs. */
  close(): Promise<void>;
}

type Order = (order: { print?: readonly string[]; exit?: number }) => void;

/** Real processes that print what a test says and exit when it says so. */
export async function openObedientJobs(): Promise<ObedientJobs> {
  const running = new Map<string, PromiseWithResolvers<Order>>();
  const sockets = new Set<Socket>();
  const entry = (id: string) => {
    const known = running.get(id) ?? Promise.withResolvers<Order>();
    running.set(id, known);
    return known;
  };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {}); // the job was killed
    createInterface({ input: socket }).once('line', (id) => {
      entry(id).resolve((order) => socket.write(`${JSON.stringify(order)}\n`));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const script = fileURLToPath(new URL('obedient-job.js', import.meta.url));
  return {
    command: [process.execPath, script, String(port), '{job}'],
    job: (id) => entry(id).promise,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
