import { randomInt } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type LineRun, type LogFilter, logLevels, logSources } from '../../src/core/log.ts';
import type { Store } from '../../src/core/store.ts';
import { compileFilter } from '../../src/logs/read/filter.ts';
import { LogReader } from '../../src/logs/read/reader.ts';
import { sqlitePlace } from '../store/place.ts';
import { batch, leasedJob } from '../store/samples.ts';
import { sectioned, tamper } from '../store/sections.ts';

let place: Awaited<ReturnType<typeof sqlitePlace>>;
beforeEach(async () => {
  place = await sqlitePlace();
});
afterEach(() => place.dispose());

interface Line {
  text: string;
  time: number;
  source: LineRun['source'];
}

const rare = [
  'Traceback',
  'NaN',
  'Größe',
  'tas\u212a \u017ftop',
  '\u001b[31mred\u001b[0m word',
  '😀 done',
];
const levels = ['ERROR: broke', 'WARNING: may break', '[rank0] INFO ready', 'DEBUG: x'];
const common = 'the weather is fine and the loss goes down as it should, step by step by step';

/** A log in which some words are rare, and times and sources change now and then. */
function madeLog(count: number): Line[] {
  let source: LineRun['source'] = 'STDOUT';
  let time = 1000;
  return Array.from({ length: count }, (_, n) => {
    if (n % 500 === 0) time += 1000;
    if (n % 9000 === 0) source = n % 18_000 === 0 ? 'STDERR' : null;
    const words = [common];
    if (randomInt(9000) === 0) words.push(rare[randomInt(rare.length)] ?? '');
    if (randomInt(9000) === 0) words.unshift(levels[randomInt(levels.length)] ?? '');
    return { text: words.join(' '), time, source };
  });
}

async function stored(store: Store, lines: readonly Line[]): Promise<string> {
  const { job, lease } = await leasedJob(store);
  for (let n = 0; n < lines.length; n += 1000) {
    const some = lines.slice(n, n + 1000);
    const runs = some.map(({ time, source }) => ({ count: 1, time, source }));
    const texts = some.map(({ text }) => text);
    await store.logs.append(lease, { lines: texts, runs, cursor: null, collectorState: null });
  }
  return job.id;
}

const date = fc.integer({ min: 0, max: 150 }).map((n) => new Date(n * 1000));
const text = fc.constantFrom(
  ...rare,
  'Trace',
  'red word',
  'weather',
  'zz',
  'nowhere',
  'task',
  'done',
  'ö',
);
const word = text.filter((one) => !one.includes('['));
const regex = fc.oneof(
  word,
  word.map((one) => `(?i)${one.toUpperCase()}`),
  fc.tuple(word, word).map(([a, b]) => `${a}|${b}`),
  fc.tuple(word, word).map(([a, b]) => `${a}.*${b}`),
  fc.constantFrom('(?i)task stop', 'err[a-z]+', '[A-Z]{5}', '\\d', '^$', 'Trace(back)?'),
);
const criteria: fc.Arbitrary<LogFilter>[] = [
  fc.record({ contains: text }),
  fc.record({ regex }),
  fc.record({ minLevel: fc.constantFrom(...logLevels) }),
  fc.record({ sources: fc.subarray([...logSources]) }),
  fc.record({ since: date }),
  fc.record({ until: date }),
];
const filter = fc
  .array(fc.oneof(...criteria), { minLength: 1, maxLength: 3 })
  .map((some): LogFilter => Object.assign({}, ...some));

/** What a search finds that begins at a line, page by page. */
async function found(store: Store, jobId: string, asked: { filter: LogFilter; offset: number }) {
  const reader = new LogReader(store);
  const offsets: number[] = [];
  let { offset } = asked;
  for (let hasMore = true; hasMore; ) {
    const page = await reader.page(jobId, { ...asked, offset, limit: 400 });
    if (page.offsets === null) return null;
    offsets.push(...page.offsets);
    ({ nextOffset: offset, hasMore } = page);
  }
  return offsets;
}

/** What a scan finds that goes backwards from the same line. */
async function foundBefore(
  store: Store,
  jobId: string,
  asked: { filter: LogFilter; offset: number },
) {
  const matcher = compileFilter(asked.filter);
  if (matcher === null) return null;
  const { needs, maybe } = matcher;
  const offsets: number[] = [];
  const scan = { from: asked.offset, backwards: true, needs, maybe };
  for await (const { block } of store.logs.scan(jobId, scan)) {
    if (block === null) continue;
    const runs = block.runs.flatMap(({ count, ...run }) =>
      Array.from({ length: count }, () => run),
    );
    const matching = block.lines.flatMap((line, n) => {
      const { time = 0, source = null } = runs[n] ?? {};
      return matcher.run({ count: 1, time, source }) && matcher.text(line) ? [block.first + n] : [];
    });
    offsets.unshift(...matching);
  }
  return offsets;
}

/** What a reader of each line finds. */
function expected(lines: readonly Line[], asked: { filter: LogFilter; offset: number }) {
  const matcher = compileFilter(asked.filter);
  if (matcher === null) return null;
  return lines.flatMap(({ text: line, time, source }, n) =>
    n >= asked.offset && matcher.run({ count: 1, time, source }) && matcher.text(line) ? [n] : [],
  );
}

const damages = {
  'whole filters': '',
  'filters cut short': 'UPDATE log_sections SET filter = substr(filter, 1, length(filter) / 2)',
  'damaged filters':
    'UPDATE log_sections SET filter = CAST(filter || 1 AS BLOB) WHERE id & 32000 > 0',
  'a missing filter': 'DELETE FROM log_sections WHERE id & 0xffffffff = 0',
};

test.each(Object.entries(damages))(
  'with %s, any search finds what a reader of each line finds',
  async (_, damage) => {
    const store = await place.open();
    const lines = madeLog(70_700);
    const jobId = await stored(store, lines);
    await sectioned(place.dataDir, [
      [0, 32_000],
      [32_000, 32_000],
    ]);
    if (damage !== '') tamper(place.dataDir, (db) => db.exec(damage));
    await fc.assert(
      fc.asyncProperty(filter, fc.integer({ min: 0, max: 72_000 }), async (asked, offset) => {
        expect(await found(store, jobId, { filter: asked, offset })).toEqual(
          expected(lines, { filter: asked, offset }),
        );
        expect(await foundBefore(store, jobId, { filter: asked, offset })).toEqual(
          expected(lines, { filter: asked, offset: 0 })?.filter((line) => line < offset) ?? null,
        );
      }),
      { numRuns: damage === '' ? 60 : 15, endOnFailure: true },
    );
  },
);

test('a search counts only the lines that it reads, and so comes through a long log in one call', async () => {
  const store = await place.open();
  const { job, lease } = await leasedJob(store);
  const sections = 33;
  const texts = Array.from({ length: 32_000 }, () => 'the loss goes down');
  for (let n = 0; n < sections; n += 1) {
    await store.logs.append(lease, batch(n === 31 ? [...texts.slice(1), 'Traceback'] : texts));
  }
  await sectioned(
    place.dataDir,
    Array.from({ length: sections }, (_, n) => [n * 32_000, 32_000]),
  );
  const reader = new LogReader(store);
  const page = (contains: string) =>
    reader.page(job.id, { limit: 5, offset: 0, filter: { contains } });
  expect(await page('Traceback')).toMatchObject({ offsets: [1_023_999], nextOffset: 1_056_000 });
  expect(await page('nowhere')).toMatchObject({ offsets: [], hasMore: false });
});
