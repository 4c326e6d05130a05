import type { ExecutionResult } from 'graphql';

/** Results whose text is kept are seen by many; a text lives as long as its result. */
const texts = new WeakMap<object, string>();

/**
 * Serializes a result once, however many sockets send it. graphql-ws turns a whole message into
 * JSON itself, so it is given a short placeholder for the payload, which is filled in afterwards.
 */
export class PayloadSharing {
  readonly #waiting = new Map<string, string>();
  #count = 0;

  /** What graphql-ws is to put into the message in the result's place. */
  placeholder(result: ExecutionResult): ExecutionResult {
    this.#count += 1;
    const name = `\u0001${this.#count}`;
    this.#waiting.set(JSON.stringify(name), textOf(result));
    return { toJSON: () => name } as ExecutionResult;
  }

  /** The message with its payload. A message of graphql-ws's own making stays as it is. */
  fill(message: string): string {
    if (this.#waiting.size === 0) return message;
    const at = message.lastIndexOf('"\\u0001');
    const text = at < 0 ? undefined : this.#waiting.get(message.slice(at, -1));
    if (text === undefined) return message;
    this.#waiting.delete(message.slice(at, -1));
    return `${message.slice(0, at)}${text}}`;
  }
}

function textOf(result: ExecutionResult): string {
  let text = texts.get(result);
  if (text === undefined) {
    text = JSON.stringify(result);
    texts.set(result, text);
  }
  return text;
}
