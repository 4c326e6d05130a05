import { type FileHandle, open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';

/** Where a line begins, and whether it continues the line before. A splitter can start at any place. */
export interface Place {
  line: number;
  position: number;
  continued: boolean;
}

const recordBytes = 16;
const firstPlace: Place = { line: 0, position: 0, continued: false };

/**
 * Some places of one log, in rising order. They are kept in memory and in an append-only file. Each
 * record of the file has 16 bytes: twice the line number, plus one if the line continues the line
 * before (48 bits), the position (48 bits), and a checksum (32 bits). Opening the file cuts off a
 * damaged record and all behind it; reading the log again adds them again.
 */
export class LogIndex {
  readonly #file: FileHandle;
  #places: Place[];
  #pending: Place[] = [];
  #size: number;
  /** True if the file may end in half a record, because the disk was full. */
  #torn = false;

  private constructor(file: FileHandle, places: Place[]) {
    this.#file = file;
    this.#places = places;
    this.#size = places.length * recordBytes;
  }

  /** Opens the index and drops every place behind `logBytes`. */
  static async open(path: string, logBytes: number): Promise<LogIndex> {
    const file = await open(path, 'a+', 0o600);
    try {
      const stored = await file.readFile();
      const places = parsePlaces(stored, logBytes);
      const soundBytes = places.length * recordBytes;
      if (soundBytes < stored.length) await file.truncate(soundBytes);
      return new LogIndex(file, places);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  get last(): Place {
    return this.#places.at(-1) ?? firstPlace;
  }

  /** The last known place at or before the line. */
  floor(line: number): Place {
    let low = 0;
    let high = this.#places.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#places[middle]?.line ?? 0) <= line) low = middle + 1;
      else high = middle;
    }
    return this.#places[low - 1] ?? firstPlace;
  }

  add(place: Place): void {
    this.#places.push(place);
    this.#pending.push(place);
  }

  /** Appends new places to the file. If this fails, a later server only has to read more of the log. */
  async flush(): Promise<void> {
    if (this.#pending.length === 0) return;
    const records = Buffer.alloc(this.#pending.length * recordBytes);
    for (const [index, place] of this.#pending.entries()) {
      writePlace(records, index * recordBytes, place);
    }
    if (this.#torn) await this.#file.truncate(this.#size);
    this.#torn = true;
    await this.#file.appendFile(records);
    this.#torn = false;
    this.#size += records.length;
    this.#pending = [];
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

function parsePlaces(stored: Buffer, logBytes: number): Place[] {
  const places: Place[] = [];
  let last = firstPlace;
  for (let at = 0; at + recordBytes <= stored.length; at += recordBytes) {
    const place = readPlace(stored, at);
    const sound = place !== null && place.line > last.line && place.position > last.position;
    if (!sound || place.position > logBytes) break;
    places.push(place);
    last = place;
  }
  return places;
}

function writePlace(into: Buffer, at: number, place: Place): void {
  into.writeUIntBE(place.line * 2 + (place.continued ? 1 : 0), at, 6);
  into.writeUIntBE(place.position, at + 6, 6);
  into.writeUInt32BE(crc32(into.subarray(at, at + 12)), at + 12);
}

function readPlace(from: Buffer, at: number): Place | null {
  if (crc32(from.subarray(at, at + 12)) !== from.readUInt32BE(at + 12)) return null;
  const line = from.readUIntBE(at, 6);
  return {
    line: Math.floor(line / 2),
    position: from.readUIntBE(at + 6, 6),
    continued: line % 2 === 1,
  };
}
