import type { SharedMessage } from './payload.ts';

/**
 * One whole WebSocket text message as the two pieces to write to its connection, so that its shared
 * bytes are neither copied here nor put together from fragments by its reader (RFC 6455, 5.2:
 * final, not masked). For messages of 126 bytes and more, as shared ones are.
 */
export function textFrame({ head, tail }: SharedMessage): [Buffer, Buffer] {
  const headBytes = Buffer.byteLength(head);
  const length = headBytes + tail.length;
  const isShort = length < 65_536;
  const start = Buffer.allocUnsafe((isShort ? 4 : 10) + headBytes);
  start[0] = 0x81;
  start[1] = isShort ? 126 : 127;
  if (isShort) start.writeUInt16BE(length, 2);
  else start.writeBigUInt64BE(BigInt(length), 2);
  start.write(head, start.length - headBytes);
  return [start, tail];
}
