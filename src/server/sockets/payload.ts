import type { ExecutionResult } from 'graphql';
import { encodeJson } from '../../lib/text/encode-json.ts';

/** A message in two parts: the head is one client's own, the tail is the same for many clients. */
export interface SharedMessage {
  head: string;
  /** UTF-8. It is never changed, because every socket that sends it holds the same bytes. */
  tail: Buffer;
}

/** A result shorter than this, in bytes, is cheaper to copy into its message than to send on its own. */
const minSharedBytes = 2048;

/** Serialized results by their `data`, an object that all viewers of the same share. The bytes live as long as it does. */
const tails = new WeakMap<object, Buffer>();

/**
 * Serializes a result once, however many sockets send it. graphql-ws itself turns a whole message into JSON,
 * so it gets a short placeholder in place of the payload, and `fill` puts the payload in afterwards.
 */
export class PayloadSharing {
  readonly #waiting = new Map<string, Buffer>();
  #count = 0;

  /** The value that graphql-ws puts into the message in place of the result. It empties the result, which others hold while it is sent. */
  placeholder(result: ExecutionResult): ExecutionResult {
    this.#count += 1;
    const name = `\u0001${this.#count}`;
    this.#waiting.set(JSON.stringify(name), tailOf(result));
    result.data = null;
    return { toJSON: () => name } as ExecutionResult;
  }

  /** Puts the payload into a message. A message without a placeholder stays as it is. */
  fill(message: string): string | SharedMessage {
    if (this.#waiting.size === 0) return message;
    const at = message.lastIndexOf('"\\u0001');
    const name = message.slice(at, -1);
    const tail = at < 0 ? undefined : this.#waiting.get(name);
    if (tail === undefined) return message;
    this.#waiting.delete(name);
    const head = message.slice(0, at);
    return tail.length < minSharedBytes ? `${head}${tail}` : { head, tail };
  }
}

/** The result as JSON, followed by the brace that closes the message around it. */
function tailOf(result: ExecutionResult): Buffer {
  const known = result.data && tails.get(result.data);
  if (known) return known;
  const tail = encodeJson(result, { after: '}' });
  if (result.data) tails.set(result.data, tail);
  return tail;
}
