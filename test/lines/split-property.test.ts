import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { maxLineBytes } from '../../src/core/log.ts';
import { LineSplitter, type SplitterStart } from '../../src/lines/split.ts';

interface Line {
  text: string;
  end: number;
  continued: boolean;
}

function split(bytes: Buffer, options: { cuts?: readonly number[] } & SplitterStart = {}): Line[] {
  const lines: Line[] = [];
  const splitter = new LineSplitter(options);
  const emit = (text: string, end: number, continued: boolean) => {
    lines.push({ text, end, continued });
  };
  let from = 0;
  for (const cut of [...(options.cuts ?? []), bytes.length]) {
    splitter.push(bytes.subarray(from, cut), emit);
    from = cut;
  }
  splitter.end(emit);
  expect(splitter.lineStart).toBe((options.position ?? 0) + bytes.length);
  return lines;
}

const texts = (bytes: Buffer | string) => split(Buffer.from(bytes)).map((line) => line.text);

/** The rules once more, as plainly as they can be said; for lines that are not too long. */
function model(bytes: Buffer): string[] {
  const lines: string[] = [];
  for (const [, content = '', end] of bytes
    .toString('latin1')
    .matchAll(/([^\r\n]*)(\r*\n|\r+|$)/g)) {
    const text = Buffer.from(content, 'latin1').toString('utf8').replaceAll('\0', '␀');
    if (end?.endsWith('\n')) lines.push(text);
    else if (content !== '') lines.push(end === '' ? text : `${text}\r`);
  }
  return lines;
}

const piece = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('\n', '\r', '\r\n', '\r\r\n', '', '\0', '\u2028') },
  { weight: 3, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
  { weight: 2, arbitrary: fc.uint8Array({ maxLength: 6 }) },
);
const someBytes = fc
  .array(piece, { maxLength: 24 })
  .map((pieces) => Buffer.concat(pieces.map((part) => Buffer.from(part as string))));
const longBytes = fc
  .array(
    fc.oneof(
      piece,
      fc
        .tuple(fc.constantFrom('a', 'é', '€', '😀', '\x80', '\0'), fc.nat(2 * maxLineBytes))
        .map(([unit, length]) =>
          Buffer.alloc(length, unit === '\x80' ? Buffer.from([0x80]) : Buffer.from(unit)),
        ),
    ),
    { maxLength: 4 },
  )
  .map((pieces) => Buffer.concat(pieces.map((part) => Buffer.from(part as string))));

function cutsOf(bytes: Buffer): fc.Arbitrary<number[]> {
  return fc
    .array(fc.nat(bytes.length), { maxLength: 12 })
    .map((cuts) => cuts.sort((a, b) => a - b));
}

describe('LineSplitter', () => {
  test('says what the rules say, for any bytes', () => {
    fc.assert(
      fc.property(someBytes, (bytes) => {
        expect(split(bytes).map((line) => line.text)).toEqual(model(bytes));
      }),
      { numRuns: 2000 },
    );
  });

  test('gives the same lines however the bytes are cut into reads', () => {
    const bytesAndCuts = fc
      .oneof({ weight: 9, arbitrary: someBytes }, { weight: 1, arbitrary: longBytes })
      .chain((bytes) => fc.tuple(fc.constant(bytes), cutsOf(bytes)));
    fc.assert(
      fc.property(bytesAndCuts, ([bytes, cuts]) => {
        expect(split(bytes, { cuts })).toEqual(split(bytes));
      }),
      { numRuns: 1000 },
    );
  });

  test('gives the same lines when every read is one byte', () => {
    fc.assert(
      fc.property(someBytes, (bytes) => {
        const cuts = Array.from({ length: bytes.length }, (_, index) => index);
        expect(split(bytes, { cuts })).toEqual(split(bytes));
      }),
    );
  });

  test('gives the same tail when it begins afresh after any line', () => {
    const bytesArbitrary = fc.oneof(
      { weight: 9, arbitrary: someBytes },
      { weight: 1, arbitrary: longBytes },
    );
    fc.assert(
      fc.property(bytesArbitrary, (bytes) => {
        const lines = split(bytes);
        lines.forEach((line, index) => {
          const options = { position: line.end, continued: line.continued };
          expect(split(bytes.subarray(line.end), options)).toEqual(lines.slice(index + 1));
        });
      }),
      { numRuns: 500 },
    );
  });

  test('ends lines at \\n, \\r\\n and \\r\\r\\n, and not at U+2028', () => {
    expect(texts('a\nb\r\nc\r\r\n\n\r\nd\u2028e\n')).toEqual(['a', 'b', 'c', '', '', 'd\u2028e']);
  });

  test('keeps each redraw state of a progress bar as a line that ends in \\r', () => {
    expect(texts('\r 1%\r 2%\r\r 3%\ndone\r')).toEqual([' 1%\r', ' 2%\r', ' 3%', 'done\r']);
  });

  test('shows invalid UTF-8 as U+FFFD and NUL as U+2400', () => {
    expect(texts(Buffer.from([0x61, 0xff, 0xe2, 0x82, 0x0a, 0x00, 0xf0, 0x9f]))).toEqual([
      'a\ufffd\ufffd',
      '␀\ufffd',
    ]);
  });

  test('emits a line only when its end is known', () => {
    const seen: string[] = [];
    const splitter = new LineSplitter({ position: 100 });
    const emit = (text: string) => seen.push(text);
    splitter.push(Buffer.from('one\ntwo\r'), emit);
    expect(seen).toEqual(['one']);
    expect(splitter.lineStart).toBe(104);
    splitter.push(Buffer.from('\nthree'), emit);
    expect(seen).toEqual(['one', 'two']);
    expect(splitter.lineStart).toBe(109);
  });

  test('leaves a line of exactly the greatest length whole', () => {
    const line = 'a'.repeat(maxLineBytes);
    expect(texts(`${line}\r\n${line}`)).toEqual([line, line]);
  });

  test('cuts a longer line into marked pieces between characters', () => {
    const lines = texts(`a${'€'.repeat(maxLineBytes)}\nnext`);
    const pieces = lines.slice(0, -1);
    expect(lines.at(-1)).toBe('next');
    expect(pieces.every((text) => Buffer.byteLength(text) <= maxLineBytes + 64)).toBe(true);
    expect(pieces.every((text, i) => i === 0 || text.startsWith('[continued]… '))).toBe(true);
    expect(pieces.slice(0, -1).every((text) => text.endsWith(' …[continues]'))).toBe(true);
    const whole = pieces
      .map((text) => text.replace(/^\[continued\]… /, '').replace(/ …\[continues\]$/, ''))
      .join('');
    expect(whole).toBe(`a${'€'.repeat(maxLineBytes)}`);
  });
});

test('shows the beginning of the line that has not ended', () => {
  fc.assert(
    fc.property(someBytes, (bytes) => {
      const splitter = new LineSplitter();
      const before: string[] = [];
      splitter.push(bytes, (text) => before.push(text));
      const { unfinished } = splitter;
      const last: string[] = [];
      splitter.end((text) => last.push(text.replace(/\r$/, '')));
      expect([unfinished]).toEqual(last.length > 0 ? last : ['']);
    }),
  );
});

test('shows no more than the first 4096 bytes of it, and no torn character', () => {
  const splitter = new LineSplitter();
  splitter.push(Buffer.from(`a${'€'.repeat(2000)}`), () => {});
  expect(splitter.unfinished).toBe(`a${'€'.repeat(1365)}`);
});

describe('UTF-16 behind its mark', () => {
  const someText = fc
    .array(
      fc.oneof(
        fc.constantFrom('\n', '\r', '\r\n', '\0', 'é', '€', '😀', '\ud800'),
        fc.string({ unit: 'binary', maxLength: 8 }),
      ),
      { maxLength: 24 },
    )
    .map((pieces) => pieces.join(''));
  const mark = Buffer.from([0xff, 0xfe]);
  const utf16 = (text: string) => Buffer.concat([mark, Buffer.from(text, 'utf16le')]);

  test('has the lines that the text has in UTF-8, however it is cut into reads', () => {
    const textAndCuts = someText.chain((text) => fc.tuple(fc.constant(text), cutsOf(utf16(text))));
    fc.assert(
      fc.property(textAndCuts, ([text, cuts]) => {
        const lines = split(utf16(text), { cuts });
        const plain = split(Buffer.from(text.toWellFormed()));
        expect(lines.map((line) => line.text)).toEqual(plain.map((line) => line.text));
        expect(lines).toEqual(split(utf16(text)));
      }),
      { numRuns: 500 },
    );
  });

  test('gives the same tail when it begins afresh after any line', () => {
    fc.assert(
      fc.property(someText, (text) => {
        const bytes = utf16(text);
        const lines = split(bytes);
        lines.forEach(({ end, continued }, index) => {
          const options = { position: end, continued, utf16: true };
          expect(split(bytes.subarray(end), options)).toEqual(lines.slice(index + 1));
        });
      }),
    );
  });

  test('is not what a stream of one odd byte, or a lone FF, is', () => {
    expect(texts(Buffer.from([0xff]))).toEqual(['\ufffd']);
    expect(split(Buffer.from([0xff, 0x0a]), { cuts: [1] }).map((it) => it.text)).toEqual([
      '\ufffd',
    ]);
  });
});
