import { appendFile, mkdir, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type JobFolder, jobFolder } from '../../src/trainer/disk/job-folder.ts';
import { JobLog } from '../../src/trainer/log/job-log.ts';
import { startTrainer, temporaryFolder } from '../support/trainer/harness.ts';

let dataDir: string;
let folder: JobFolder;
let log: JobLog;

beforeEach(async () => {
  dataDir = await temporaryFolder();
  folder = jobFolder(dataDir, 'job');
  await mkdir(folder.path, { recursive: true });
  await writeFile(folder.log, '');
  log = await open();
});
afterEach(async () => {
  await log.close();
  await rm(dataDir, { recursive: true, force: true });
});

async function open(end: number | null = null): Promise<JobLog> {
  const opened = await JobLog.open(folder, { end, onLines: () => {} });
  await opened.advance();
  return opened;
}

const line = (n: number) => `line ${n} ${'x'.repeat(n % 13)}`;
const lines = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => line(from + index));
const text = (from: number, to: number) =>
  lines(from, to)
    .map((it) => `${it}\n`)
    .join('');

async function print(printed: string): Promise<void> {
  await appendFile(folder.log, printed);
  await log.advance();
}

async function all(offset = 0) {
  const read = await log.read({ offset, maxLines: 100_000, maxChars: 2 ** 30 });
  const gaps = log.gaps(offset, read).map((gap) => gap.offset);
  return { first: read.first, lines: read.lines, gaps };
}

/** Closes without a last word, as a server that was killed; or politely. */
async function restart(meanwhile: () => Promise<void>, end: number | null = null): Promise<void> {
  await log.close();
  await meanwhile();
  log = await open(end);
}

describe('a log whose file is cut while it is read', () => {
  test('goes on from 0, its numbers go on, and a gap tells the place', async () => {
    await print(text(0, 100));
    await truncate(folder.log, 0);
    await print(text(120, 150));
    expect(await all()).toEqual({
      first: 0,
      lines: [...lines(0, 100), ...lines(120, 150)],
      gaps: [100],
    });
    expect(log.total).toBe(130);
    expect(await all(100)).toEqual({ first: 100, lines: lines(120, 150), gaps: [100] });
    expect(await all(101)).toEqual({ first: 101, lines: lines(121, 150), gaps: [] });
  });

  test.each([
    ['to a larger size than before', text(200, 900)],
    ['to the very size of before', text(900, 1000).slice(0, text(0, 100).length)],
  ])('is found out also where it has grown again %s', async (_, later) => {
    await print(text(0, 100));
    await writeFile(folder.log, later);
    await log.advance();
    const after = later.split('\n').slice(0, -1);
    expect(await all()).toEqual({ first: 0, lines: [...lines(0, 100), ...after], gaps: [100] });
  });

  test('is found out by its beginning where its lines are all alike but the first', async () => {
    const alike = 'still alive\n'.repeat(1000);
    await print(`loading\n${alike}`);
    await writeFile(folder.log, `arriving\n${alike}${alike}`.slice(2));
    await log.advance();
    expect(log.total).toBe(1001 + 2001);
    expect((await all()).gaps).toEqual([1001]);
  });

  test('gives the half of a line that was read as a line', async () => {
    await print(`${text(0, 3)}half of a li`);
    await truncate(folder.log, 0);
    await print(`ne\n${text(5, 6)}`);
    expect(await all()).toEqual({
      first: 0,
      lines: [...lines(0, 3), 'half of a li', 'ne', line(5)],
      gaps: [4],
    });
  });

  test('has a gap for each cut, however many there are, and one where no line came between', async () => {
    await print(text(0, 10));
    const gaps: number[] = [];
    for (let cut = 1; cut <= 5; cut += 1) {
      await truncate(folder.log, 0);
      await log.advance();
      await truncate(folder.log, 0);
      gaps.push(log.total);
      await print(text(cut * 100, cut * 100 + 7));
    }
    expect((await all()).gaps).toEqual(gaps);
    expect(log.total).toBe(45);
  });

  test('does not tell again what was left where it is only shortened', async () => {
    await print(text(0, 100));
    await truncate(folder.log, text(0, 50).length);
    await log.advance();
    await print(text(100, 110));
    expect(await all()).toEqual({
      first: 0,
      lines: [...lines(0, 100), ...lines(100, 110)],
      gaps: [100],
    });
  });

  test.each([
    ['read on', async () => {}],
    ['read by another server', () => restart(async () => {})],
  ])('does not tell again what was left where it has grown again, %s', async (_, go) => {
    await print(text(0, 200));
    await writeFile(folder.log, text(0, 190) + text(200, 300));
    await go();
    await log.advance();
    const { lines: told, gaps } = await all(199);
    expect(gaps).toEqual([200]);
    expect(told.slice(3)).toEqual(lines(300 - told.length + 3, 300));
    expect(told.length).toBeGreaterThan(80);
  });

  test('gives no line of the new file the number of an old one, also to a reader of the file', async () => {
    await print(text(0, 40_000)); // more than is kept in memory
    const before = await log.read({ offset: 10, maxLines: 5, maxChars: 1000 });
    expect(before.lines).toEqual(lines(10, 15));
    await writeFile(folder.log, text(70_000, 72_000)); // and nobody has looked yet
    const after = await log.read({ offset: 10, maxLines: 5, maxChars: 1000 });
    expect(after.first).toBeGreaterThan(10);
    expect(after.lines[0]).toBe(line(after.first)); // the newest old ones are in memory
    expect(log.gaps(10, after)).toEqual([
      { offset: after.first, reason: expect.stringContaining('not there any more') },
    ]);
    const late = await log.read({ offset: 41_000, maxLines: 2, maxChars: 1000 });
    expect(late.lines).toEqual(lines(71_000, 71_002));
  });

  test('tells a gap behind its last line once it is over', async () => {
    await print(text(0, 10));
    await truncate(folder.log, 0);
    await log.advance();
    expect((await all()).gaps).toEqual([]); // it comes with the next line
    await log.finish();
    expect(await all()).toEqual({ first: 0, lines: lines(0, 10), gaps: [10] });
    expect(await all(10)).toEqual({ first: 10, lines: [], gaps: [10] });
  });
});

describe('a log whose file is replaced or removed', () => {
  test('goes on with the new file, with a gap', async () => {
    await print(text(0, 10));
    await rename(folder.log, `${folder.log}.1`);
    await writeFile(folder.log, text(20, 30));
    await log.advance();
    expect(await all()).toEqual({
      first: 0,
      lines: [...lines(0, 10), ...lines(20, 30)],
      gaps: [10],
    });
  });

  test('reads on in the old file while the new one is empty', async () => {
    await print(text(0, 10));
    await rename(folder.log, `${folder.log}.1`);
    await writeFile(folder.log, '');
    await appendFile(`${folder.log}.1`, text(10, 20));
    await log.advance();
    expect(await all()).toEqual({ first: 0, lines: lines(0, 20), gaps: [] });
  });

  test('keeps its numbers where it was removed while no server ran', async () => {
    await print(text(0, 10));
    await restart(() => rm(folder.log));
    expect(await all()).toMatchObject({ first: 10, lines: [] });
    await writeFile(folder.log, text(20, 22));
    await log.advance();
    expect(await all()).toEqual({ first: 10, lines: lines(20, 22), gaps: [10] });
  });
});

describe('a log whose file is cut while no server runs', () => {
  test.each([
    ['and holds nothing', '', 0],
    ['and has fewer lines', text(300, 310), 0],
    ['and has grown beyond its old size', text(300, 2000), 0],
    ['and was shortened', text(0, 700), 700],
  ])('goes on behind the lines that were told, %s', async (_, found, kept) => {
    await print(text(0, 1234));
    await restart(() => writeFile(folder.log, found));
    await print(text(5000, 5010));
    const fresh = [...found.split('\n').slice(kept, -1), ...lines(5000, 5010)];
    expect(await all()).toEqual({ first: 1234, lines: fresh, gaps: [1234] });
    expect(log.total).toBe(1234 + fresh.length);
    await restart(async () => {});
    expect(await all(1234)).toEqual({ first: 1234, lines: fresh, gaps: [1234] });
    expect(await all(0)).toEqual({ first: 1234, lines: fresh, gaps: [1234] });
  });

  test('has no gap where the file is as it was, and has grown', async () => {
    await print(text(0, 1234));
    await restart(() => appendFile(folder.log, text(1234, 3000)));
    expect(await all()).toEqual({ first: 0, lines: lines(0, 3000), gaps: [] });
  });

  test('keeps its numbers over several cuts and restarts', async () => {
    let total = 0;
    for (let round = 0; round < 6; round += 1) {
      await print(text(round * 1000, round * 1000 + 1500));
      total += 1500;
      expect(log.total).toBe(total);
      await restart(() => truncate(folder.log, 0));
      expect(log.total).toBe(total);
    }
    await print(text(0, 1));
    expect(await all(total)).toEqual({ first: total, lines: [line(0)], gaps: [total] });
  });

  test('keeps them where its index and its metrics are gone, too', async () => {
    await print(text(0, 1234));
    await restart(async () => {
      await truncate(folder.log, 0);
      await rm(folder.index);
      await rm(folder.metrics);
    });
    await print(text(1300, 1302));
    expect(await all()).toEqual({ first: 1234, lines: lines(1300, 1302), gaps: [1234] });
  });
});

describe('a log that is cut after its job is over', () => {
  test.each([
    ['emptied', () => truncate(folder.log, 0)],
    ['removed', () => rm(folder.log)],
    ['shortened', () => truncate(folder.log, 100)],
    ['written anew', () => writeFile(folder.log, text(7000, 9000))],
  ])('has the same number of lines, and says that they are gone: %s', async (_, harm) => {
    await print(`${text(0, 500)}no end`);
    const end = await log.finish();
    expect(end).toBe((await stat(folder.log)).size);
    for (let round = 0; round < 2; round += 1) {
      await restart(harm, end);
      expect([log.total, log.complete]).toEqual([501, true]);
      const read = await log.read({ offset: 0, maxLines: 10, maxChars: 1000 });
      expect(read).toMatchObject({ first: 501, lines: [] });
      expect(log.gaps(0, read)).toEqual([{ offset: 501, reason: expect.any(String) }]);
      // Whoever had all lines has lost none.
      expect(await all(501)).toEqual({ first: 501, lines: [], gaps: [] });
      if (_ === 'removed') return;
    }
  });
});

describe('a job whose log is cut', () => {
  const until = (file: string) => `until [ -e ${file} ]; do sleep 0.01; done`;

  test('tells it in events and pages, and loses nothing but what was never read', async () => {
    await using trainer = await startTrainer();
    const { client, dataDir: data } = trainer;
    const goOn = `${data}/go-on`;
    await client.run('job', `seq 0 99; ${until(goOn)}; seq 100 199`);
    await client.printed('job', '99');
    await truncate(jobFolder(data, 'job').log, 0);
    await writeFile(goOn, '');
    const numbers = Array.from({ length: 200 }, (_, n) => String(n));
    const reason = expect.stringContaining('cut or replaced');
    const gaps: unknown[] = [];
    const told: string[] = [];
    for await (const { event, data: batch } of client.events('job')) {
      gaps.push(...(batch.gaps ?? []));
      if (event === undefined) told.push(...batch.lines);
    }
    expect(told).toEqual(numbers);
    expect(gaps).toEqual([{ offset: 100, reason }]);
    const page = async (query: string) =>
      (await client.get(`/api/training/logs/job?${query}`)).body;
    expect(await page('offset=90&limit=20')).toMatchObject({
      offset: 90,
      logs: numbers.slice(90, 110),
      gaps: [{ offset: 100, reason }],
    });
    expect(await page('offset=101&limit=20')).not.toHaveProperty('gaps');

    const later = await trainer.restart(); // which has no line in memory
    const after = (await later.get('/api/training/logs/job?offset=7&limit=500')).body;
    expect(after).toMatchObject({ offset: 100, logs: numbers.slice(100), total_lines: 200 });
    expect(after.gaps).toEqual([{ offset: 100, reason }]);
  });

  test.runIf(process.platform === 'linux').each([
    ['removed', (log: string) => rm(log)],
    ['renamed, and another one is in its place', replace],
  ])('is read on over a restart where it was %s: the job still writes to it', async (_, harm) => {
    await using trainer = await startTrainer();
    const { client, dataDir: data } = trainer;
    const goOn = `${data}/go-on`;
    await client.run('job', `seq 0 99; ${until(goOn)}; seq 100 199`);
    await client.printed('job', '99');
    await harm(jobFolder(data, 'job').log);
    const later = await trainer.restart();
    await later.printed('job', '99');
    await writeFile(goOn, '');
    const { lines: told } = await later.over('job');
    expect(told).toEqual(Array.from({ length: 200 }, (_, n) => String(n)));
  });

  async function replace(file: string): Promise<void> {
    await rename(file, `${file}.1`);
    await writeFile(file, 'something else\n');
  }
});
