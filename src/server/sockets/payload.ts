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
 * Makes the messages with the results of one operation, as graphql-transport-ws has them. A result is
 * serialized once, however many operations get it, and emptied, since others hold it while it is sent.
 */
export function nextMessages(id: string): (result: ExecutionResult) => string | SharedMessage {
  const head = `{"id":${JSON.stringify(id)},"type":"next","payload":`;
  return (result) => {
    const tail = tailOf(result);
    result.data = null;
    return tail.length < minSharedBytes ? `${head}${tail}` : { head, tail };
  };
}

/** The result as JSON, followed by the brace that closes the message around it. */
function tailOf(result: ExecutionResult): Buffer {
  const known = result.data && tails.get(result.data);
  if (known) return known;
  const tail = encodeJson(result, { after: '}' });
  if (result.data) tails.set(result.data, tail);
  return tail;
}
