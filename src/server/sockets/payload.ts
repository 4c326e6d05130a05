import type { ExecutionResult } from 'graphql';
import { encodeJson } from '../../lib/text/encode-json.ts';

/** A message in two parts: what is one client's own, and what many clients get alike. */
export interface SharedMessage {
  head: string;
  /** UTF-8; never changed, for every socket that sends it holds the same bytes. */
  tail: Buffer;
}

/** A shorter result is cheaper to copy into its message than to send on its own. In bytes. */
const minSharedBytes = 2048;

/** By their data, which is the same object for all who see the same; the bytes live as long as that. */
const tails = new WeakMap<object, Buffer>();

/**
 * Serializes a result once, however many sockets send it. graphql-ws turns a whole message into
 * JSON itself, so it is given a short placeholder for the payload, which is filled in afterwards.
 */
export class PayloadSharing {
  readonly #waiting = new Map<string, Buffer>();
  #count = 0;

  /** What graphql-ws is to put into the message in the result's place. Empties the result, which others hold while it is sent. */
  placeholder(result: ExecutionResult): ExecutionResult {
    this.#count += 1;
    const name = `\u0001${this.#count}`;
    this.#waiting.set(JSON.stringify(name), tailOf(result));
    result.data = null;
    return { toJSON: () => name } as ExecutionResult;
  }

  /** The message with its payload. A message of graphql-ws's own making stays as it is. */
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

/** The result as JSON, with the brace that closes the message around it. */
function tailOf(result: ExecutionResult): Buffer {
  const known = result.data && tails.get(result.data);
  if (known) return known;
  const tail = encodeJson(result, { after: '}' });
  if (result.data) tails.set(result.data, tail);
  return tail;
}
