import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface CuttingProxy extends AsyncDisposable {
  /** Where clients connect instead: `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** Connections cut so far. */
  readonly cuts: number;
  /** Cuts every connection now. */
  cut(): void;
  /** Passes nothing on any more over the connections there are, and leaves them open. */
  freeze(): void;
  /** From now on connections are accepted, and nothing comes of them until `thaw`: as behind a tunnel that is gone. */
  freezeNew(): void;
  /** Connections opened from now on work again. */
  thaw(): void;
}

/** A TCP proxy that ends a connection after so many bytes of the server's as `bytesUntilCut` says when it is opened. */
export async function openCuttingProxy(
  target: string,
  bytesUntilCut: () => number = () => Number.POSITIVE_INFINITY,
): Promise<CuttingProxy> {
  const { hostname, port } = new URL(target);
  const clients = new Map<Socket, Socket>();
  const silent = new Set<Socket>();
  let cuts = 0;
  let frozen = false;
  const proxy = createServer((client) => {
    if (frozen) {
      silent.add(client);
      client.on('error', () => {}).on('close', () => silent.delete(client));
      return;
    }
    const upstream = connect(Number(port), hostname);
    let left = bytesUntilCut();
    clients.set(client, upstream);
    client.on('close', () => {
      clients.delete(client);
      upstream.destroy();
    });
    upstream.on('close', () => client.destroySoon());
    // Either side may break: the other one is then closed, and that is all.
    client.on('error', () => {});
    upstream.on('error', () => {});
    client.pipe(upstream);
    upstream.on('data', (bytes) => {
      const room = client.write(bytes.subarray(0, left));
      left -= bytes.length;
      if (left <= 0) {
        cuts += 1;
        upstream.destroy();
      } else if (!room) {
        upstream.pause();
        client.once('drain', () => upstream.resume());
      }
    });
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const { port: ownPort } = proxy.address() as AddressInfo;
  const cut = () => {
    cuts += clients.size;
    for (const client of clients.keys()) client.destroy();
  };
  return {
    url: `http://127.0.0.1:${ownPort}`,
    get cuts() {
      return cuts;
    },
    cut,
    freeze() {
      for (const [client, upstream] of clients) {
        client.unpipe(upstream).pause();
        upstream.removeAllListeners('data').pause();
      }
    },
    freezeNew() {
      frozen = true;
    },
    thaw() {
      frozen = false;
    },
    async [Symbol.asyncDispose]() {
      proxy.close();
      cut();
      for (const client of silent) client.destroy();
      await once(proxy, 'close');
    },
  };
}
