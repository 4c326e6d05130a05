import { crc32 } from 'node:zlib';
import { type CurvePoint, type Stretch, stretchOf } from '../core/curve.ts';
import { TrainyardError } from '../core/errors.ts';
import { type ByteReader, putInteger, putSigned, takeInteger, takeSigned } from './integers.ts';

/** The number of stretches in a block. In a block of level n, each has 2^n values. */
export const blockStretches = 64;

/** A point of one of several series. `series` is the index of the series' name among the job's names. */
export interface NamedPoint {
  series: number;
  point: CurvePoint;
}

/**
 * A full block as bytes. They begin with a checksum of what follows and of `key`, which says whose they
 * are and how they are to be read. At most 64 stretches of 5 points of 37 bytes.
 */
export function encodeBlock(stretches: readonly Stretch[], level: number, key: string): Buffer {
  const bytes: number[] = [];
  const put = pointWriter(bytes);
  for (const { index, notFinite, points } of stretches) {
    // A stretch of one value is its point.
    if (level > 0) {
      putInteger(bytes, notFinite);
      putInteger(bytes, points.length);
    }
    for (const point of points) {
      if (level > 0) putInteger(bytes, point.at - index);
      put(point);
    }
  }
  return sealed(bytes, key);
}

/** The stretches of a block whose first value is at `index`. Throws where the bytes are damaged. */
export function decodeBlock(
  bytes: Buffer,
  { index, level, key }: { index: number; level: number; key: string },
): Stretch[] {
  const reader = { bytes: unsealed(bytes, key), at: 0 };
  const take = pointReader(reader);
  const count = 2 ** level;
  return Array.from({ length: blockStretches }, (_, n) => {
    const first = index + n * count;
    if (level === 0) return stretchOf(take(first));
    const notFinite = takeInteger(reader);
    const length = takeInteger(reader);
    const points = Array.from({ length }, () => take(first + takeInteger(reader)));
    return { index: first, count, notFinite, points };
  });
}

/** Encodes points of several series, in order. As for a block, `key` is part of the checksum. */
export function encodePoints(points: readonly NamedPoint[], key: string): Buffer {
  const bytes: number[] = [];
  const put = pointWriter(bytes);
  for (const { series, point } of points) {
    putInteger(bytes, series);
    putInteger(bytes, point.at);
    put(point);
  }
  return sealed(bytes, key);
}

/** Decodes what `encodePoints` wrote. Throws where the bytes are damaged. */
export function decodePoints(bytes: Buffer, key: string): NamedPoint[] {
  const reader = { bytes: unsealed(bytes, key), at: 0 };
  const take = pointReader(reader);
  const points: NamedPoint[] = [];
  while (reader.at < reader.bytes.length) {
    const series = takeInteger(reader);
    points.push({ series, point: take(takeInteger(reader)) });
  }
  return points;
}

const double = Buffer.alloc(8);

// Each number but the value as its distance from the point before: most take a byte or two.
function pointWriter(bytes: number[]): (point: CurvePoint) => void {
  let before = { step: 0, time: 0, line: 0 };
  return ({ step, value, time, line }) => {
    const whole = { step: Math.round(step), time: Math.round(time), line };
    putSigned(bytes, whole.step - before.step);
    putSigned(bytes, whole.time - before.time);
    putSigned(bytes, whole.line - before.line);
    double.writeDoubleLE(value);
    for (let at = 0; at < 8; at++) bytes.push(double[at] ?? 0);
    before = whole;
  };
}

function pointReader(reader: ByteReader): (at: number) => CurvePoint {
  const before = { step: 0, time: 0, line: 0 };
  return (at) => {
    before.step += takeSigned(reader);
    before.time += takeSigned(reader);
    before.line += takeSigned(reader);
    const { bytes } = reader;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const value = view.getFloat64(reader.at, true);
    reader.at += 8;
    return { at, ...before, value };
  };
}

function sealed(body: readonly number[], key: string): Buffer {
  const bytes = Buffer.alloc(4 + body.length);
  bytes.set(body, 4);
  bytes.writeUInt32LE(crc32(bytes.subarray(4), crc32(key)));
  return bytes;
}

function unsealed(bytes: Buffer, key: string): Buffer {
  // A damaged row may hold other kinds of values than its table allows.
  if (Buffer.isBuffer(bytes) && bytes.length >= 4) {
    const body = bytes.subarray(4);
    if (bytes.readUInt32LE() === crc32(body, crc32(key))) return body;
  }
  throw new TrainyardError('DATA_DAMAGED', `not as it was stored: ${key}`);
}
