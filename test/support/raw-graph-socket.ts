import { once } from 'node:events';
import type { WebSocket } from 'ws';
import { rawSocket } from './clients.ts';

interface Message {
  type: string;
  id?: string;
  // biome-ignore lint/suspicious/noExplicitAny: the shape of a payload depends on its operation
  payload?: any;
}

/** A WebSocket that says exactly what a test wants said, and keeps all that it hears. */
export interface RawGraphSocket extends Disposable {
  readonly socket: WebSocket;
  readonly heard: Message[];
  /** How the server closed it. */
  readonly closed: Promise<{ code: number; reason: string }>;
  say(message: object | string | Uint8Array): void;
  /** Resolves to the first message, heard already or not, that fits. */
  hear(fits: (message: Message) => boolean): Promise<Message>;
}

/**
 * Connects and, unless told otherwise, says `connection_init` and waits for the answer. Without `keeps` it keeps only
 * what it hears while a test waits for something.
 */
export async function openRawSocket(
  url: string,
  options: { init?: boolean; headers?: Record<string, string>; keeps?: boolean } = {},
): Promise<RawGraphSocket> {
  const socket = rawSocket(url, options.headers);
  const heard: Message[] = [];
  const waiting = new Set<() => void>();
  const { keeps = true } = options;
  socket.on('message', (data) => {
    if (!keeps && waiting.size === 0) return;
    heard.push(JSON.parse(String(data)));
    for (const look of waiting) look();
  });
  const closed = once(socket, 'close').then(([code, reason]) => ({ code, reason: String(reason) }));
  await once(socket, 'open');
  const raw: RawGraphSocket = {
    socket,
    heard,
    closed,
    say(message) {
      const isBytes = typeof message === 'string' || message instanceof Uint8Array;
      socket.send(isBytes ? message : JSON.stringify(message));
    },
    hear(fits) {
      return new Promise((resolve) => {
        const look = () => {
          const found = heard.find(fits);
          if (!found) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      });
    },
    [Symbol.dispose]: () => socket.terminate(),
  };
  if (options.init ?? true) {
    raw.say({ type: 'connection_init' });
    await raw.hear(({ type }) => type === 'connection_ack');
  }
  return raw;
}
