import type { Socket } from 'node:net';

/** How long a closing handshake may take before the connection is cut. */
const closeTimeoutMs = 10_000;

/**
 * The platform's WebSocket; undefined where it has none. Node's WebSocket waits for ever for the peer's answer to a
 * close. This one is cut 10 s after a close, and keeps no process from ending meanwhile.
 */
export function platformWebSocket(): typeof WebSocket | undefined {
  const { WebSocket: Platform, process } = globalThis;
  const channels = process?.getBuiltinModule?.('node:diagnostics_channel');
  if (!Platform || !channels) return Platform;
  // Node reports each connection that it makes, and then the WebSocket that opened on one, by its local port.
  const connections = new Map<number, Socket>();
  const keep = (message: unknown) => {
    const socket = memberOf(message, 'socket');
    if (!isSocket(socket)) return;
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
        if (memberOf(message, 'websocket') !== this) return;
        const port = memberOf(memberOf(message, 'address'), 'port');
        this.#connection = typeof port === 'number' ? connections.get(port) : undefined;
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

function memberOf(value: unknown, name: string): unknown {
  return Object(value)[name];
}

function isSocket(value: unknown): value is Socket {
  return (
    typeof memberOf(value, 'unref') === 'function' && typeof memberOf(value, 'once') === 'function'
  );
}
