import type { Socket } from 'node:net';

/** A closing handshake that takes longer is not waited for. */
const closeTimeoutMs = 10_000;

/**
 * The platform's WebSocket; undefined where it has none. Node's waits for its peer's answer to a close for ever:
 * here one that is closing keeps no process from its end, and is cut after 10 s.
 */
export function platformWebSocket(): typeof WebSocket | undefined {
  const { WebSocket: Platform, process } = globalThis;
  const channels = process?.getBuiltinModule?.('node:diagnostics_channel');
  if (!Platform || !channels) return Platform;
  // Node tells of each connection that it makes, and then of the WebSocket that opened on one, by its local port.
  const connections = new Map<number, Socket>();
  const keep = (message: unknown) => {
    const { socket } = message as { socket: Socket };
    const port = socket.localPort;
    if (port === undefined) return;
    connections.set(port, socket);
    socket.once('close', () => connections.delete(port));
  };
  let opening = 0;
  return class extends Platform {
    #connection: Socket | undefined;
    #isClosing = false;

    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols);
      const find = (message: unknown) => {
        const { websocket, address } = message as { websocket: unknown; address: { port: number } };
        if (websocket !== this) return;
        this.#connection = connections.get(address.port);
        settle();
        if (this.#isClosing) this.#leave();
      };
      const settle = () => {
        if (!channels.unsubscribe('undici:websocket:open', find)) return;
        opening -= 1;
        if (opening > 0) return;
        channels.unsubscribe('undici:client:connected', keep);
        connections.clear();
      };
      if (opening === 0) channels.subscribe('undici:client:connected', keep);
      opening += 1;
      channels.subscribe('undici:websocket:open', find);
      this.addEventListener('error', settle);
      this.addEventListener('close', settle);
    }

    override close(code?: number, reason?: string): void {
      super.close(code, reason);
      this.#isClosing = true;
      this.#leave();
    }

    #leave(): void {
      const connection = this.#connection?.unref();
      const timer = setTimeout(() => connection?.destroy(), closeTimeoutMs).unref();
      this.addEventListener('close', () => clearTimeout(timer));
    }
  };
}
