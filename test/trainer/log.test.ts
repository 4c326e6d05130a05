import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { identityOf } from '../../src/lib/system/process-identity.ts';
import { type JobFolder, jobFolder } from '../../src/trainer/disk/job-folder.ts';
import { claimRun } from '../../src/trainer/disk/run-files.ts';
import { JobLog } from '../../src/trainer/log/job-log.ts';
import { shell, startTrainer, temporaryFolder } from '../support/trainer/harness.ts';

let dataDir: string;
let folder: JobFolder;
let opened: JobLog[];

beforeEach(async () => {
  dataDir = await temporaryFolder();
  folder = jobFolder(dataDir, 'job');
  await mkdir(folder.path, { recursive: true });
  opened = [];
});
afterEach(async () => {
  for (const log of opened) await log.close();
  await rm(dataDir, { recursive: true, force: true });
});

/** The log of a job that is over, or that still runs. */
async function openLog(running: 'over' | 'running', onLines = () => {}): Promise<JobLog> {
  const end = running === 'over' ? (await stat(folder.log)).size : null;
  const log = await JobLog.open(folder, { end, onLines });
  opened.push(log);
  await log.advance();
  return log;
}

async function read(log: JobLog, offset: number, maxLines: number, maxChars = 2 ** 30) {
  return (await log.read({ offset, maxLines, maxChars })).lines;
}

/** How many bytes of the log a call reads. */
async function bytesRead(call: () => Promise<unknown>): Promise<number> {
  const readSoFar = async () =>
    Number(/rchar: (\d+)/.exec(await readFile('/proc/self/io', 'latin1'))?.[1]);
  const before = await readSoFar();
  await call();
  return (await readSoFar()) - before;
}

describe('a large log', () => {
  const lineAt = (n: number) =>
    n % 1000 === 7 ? `line ${n} é€😀` : `line ${n} ${'x'.repeat(n % 97)}`;

  test('is paged at any offset like the lines that were printed, by bounded reads', async () => {
    const truth = Array.from({ length: 200_000 }, (_, n) => lineAt(n));
    await writeFile(folder.log, `${truth.join('\n')}\n`);
    const log = await openLog('over');
    expect(log.total).toBe(truth.length);
    for (const offset of [0, 1, 999, 1000, 199_000, 199_999, ...randomOffsets(40, truth.length)]) {
      const lines = await read(log, offset, 1000);
      expect(lines.join('\n')).toBe(truth.slice(offset, offset + 1000).join('\n'));
    }
    if (process.platform === 'linux') {
      expect(await bytesRead(() => read(log, 100_123, 1000))).toBeLessThan(1024 * 1024);
    }
    await log.close();

    const again = await openLog('over');
    expect(again.total).toBe(truth.length);
    expect(await read(again, 100_123, 100)).toEqual(truth.slice(100_123, 100_223));
  });

  test('is not read again after a restart, and the index is rebuilt where it is damaged', async () => {
    const truth = Array.from({ length: 50_000 }, (_, n) => lineAt(n));
    await writeFile(folder.log, `${truth.join('\n')}\n`);
    await (await openLog('over')).close();
    const { size } = await stat(folder.log);
    if (process.platform === 'linux') {
      expect(await bytesRead(() => openLog('over'))).toBeLessThan(size / 4);
    }
    const index = await readFile(folder.index);
    const damages: [string, () => Promise<unknown>][] = [
      ['missing', () => rm(folder.index)],
      ['empty', () => truncate(folder.index, 0)],
      ['cut in a record', () => truncate(folder.index, index.length - 5)],
      ['torn in the middle', () => flip(index.length >> 1)],
      ['garbage', () => writeFile(folder.index, Buffer.alloc(999, 0xa5))],
      ['of a longer log', () => appendFile(folder.index, index)],
      ['without metrics', () => rm(folder.metrics)],
      ['with damaged metrics', () => writeFile(folder.metrics, '{"line":5,"sta\n{}\n')],
    ];
    for (const [name, damage] of damages) {
      await damage();
      const log = await openLog('over');
      expect([name, log.total]).toEqual([name, truth.length]);
      for (const offset of randomOffsets(5, truth.length)) {
        expect(await read(log, offset, 50)).toEqual(truth.slice(offset, offset + 50));
      }
      await log.close();
      expect([name, (await readFile(folder.index)).equals(index)]).toEqual([name, true]);
    }

    async function flip(position: number) {
      const file = await open(folder.index, 'r+');
      await file.write(Buffer.from([(index[position] ?? 0) ^ 0xff]), 0, 1, position);
      await file.close();
    }
  });
});

describe('a growing log', () => {
  test('has a line as soon as it is finished, and its last one once the job is over', async () => {
    await writeFile(folder.log, 'one\ntw');
    let hints = 0;
    const log = await openLog('running', () => hints++);
    expect(await read(log, 0, 10)).toEqual(['one']);
    await appendFile(folder.log, 'o\n');
    await log.advance();
    expect(await read(log, 0, 10)).toEqual(['one', 'two']);
    await appendFile(folder.log, 'thr');
    await log.advance();
    expect(log.total).toBe(2);
    expect([hints, log.complete]).toEqual([2, false]);
    expect(await log.finish()).toBe(11);
    expect(log.complete).toBe(true);
    expect(await read(log, 1, 10)).toEqual(['two', 'thr']);
    await appendFile(folder.log, ' of another one\nmore\n');
    await log.advance();
    expect(log.total).toBe(3);
    expect(await read(log, 2, 10)).toEqual(['thr']);
  });

  test('gives lines that are not in memory any more the same as those that are', async () => {
    await writeFile(folder.log, '');
    const log = await openLog('running');
    const truth: string[] = [];
    for (let round = 0; round < 60; round += 1) {
      const lines = Array.from({ length: 500 }, (_, n) => `round ${round} line ${n} \u2028 ü`);
      truth.push(...lines);
      await appendFile(folder.log, `${lines.join('\r\n')}\r\n 1%\r 2%\r`);
      truth.push(' 1%\r', ' 2%\r');
      await log.advance();
    }
    await log.finish();
    for (const offset of [0, ...randomOffsets(30, truth.length), truth.length - 1]) {
      expect(await read(log, offset, 700)).toEqual(truth.slice(offset, offset + 700));
    }
  });

  test('goes on after a restart where it was, with its metrics', async () => {
    const line = (n: number) => `step=${n} loss=${n / 4}\n`;
    await writeFile(folder.log, Array.from({ length: 30_000 }, (_, n) => line(n)).join(''));
    await (await openLog('running')).close();
    await appendFile(folder.log, line(30_000));
    const log = await openLog('running');
    expect(log.metrics.progress).toMatchObject({ step: 30_000, loss: 7500 });
    const rows = [...log.metrics.rows];
    expect(rows).toHaveLength(10_000);
    expect(rows[0]).toMatchObject({ step: 20_001, values: { loss: 20_001 / 4 } });
    expect(rows.at(-1)).toMatchObject({ step: 30_000, values: { loss: 7500 } });
  });
});

describe('metrics that are not finite', () => {
  const lines =
    'step=1 loss=2.5 grad_norm=1\nstep=2 loss=nan grad_norm=inf\nstep=3 loss=-inf lr=0.1\n';

  test('are told by their words, null in the row, also after a restart', async () => {
    await writeFile(folder.log, lines);
    await (await openLog('running')).close();
    const log = await openLog('running');
    expect([...log.metrics.rows]).toMatchObject([
      { step: 1, values: { loss: 2.5, grad_norm: 1 }, notFinite: {} },
      { step: 2, values: {}, notFinite: { loss: 'NAN', grad_norm: 'INFINITY' } },
      { step: 3, values: { lr: 0.1 }, notFinite: { loss: 'NEGATIVE_INFINITY' } },
    ]);
    expect(log.metrics.newest('grad_norm')).toBe('INFINITY');
    expect(log.metrics.progress).toMatchObject({ loss: null, lossNotFinite: 'NEGATIVE_INFINITY' });
  });
});

describe('a page', () => {
  test('ends early where its lines are long, after one line at least', async () => {
    const long = 'x'.repeat(60_000);
    await writeFile(folder.log, `${Array(100).fill(long).join('\n')}\n`);
    const log = await openLog('over');
    expect(await read(log, 0, 5000, 1024 * 1024)).toHaveLength(18);
    expect(await read(log, 3, 5000, 1)).toEqual([long]);
    expect(await read(log, 95, 5000, 1)).toEqual([long]);
  });

  test('deep inside one line without an end costs a bounded read', async () => {
    const piece = Buffer.alloc(1024 * 1024, 'ab');
    for (let mb = 0; mb < 40; mb += 1) await appendFile(folder.log, piece);
    const log = await openLog('over');
    expect(log.total).toBe(640);
    const whole = `[continued]… ${'ab'.repeat(32 * 1024)} …[continues]`;
    expect(await read(log, 123, 2)).toEqual([whole, whole]);
    expect(await read(log, 639, 2)).toEqual([`[continued]… ${'ab'.repeat(32 * 1024)}`]);
    if (process.platform === 'linux') {
      expect(await bytesRead(() => read(log, 321, 1))).toBeLessThan(1024 * 1024);
    }
  });
});

describe('what a job prints', () => {
  test('arrives whole and in order, from many processes and both outputs', async () => {
    await using trainer = await startTrainer({ recipes: { default: shell } });
    const { client } = trainer;
    const counting = 'i=0; while [ $i -lt 500 ]; do echo "$w $i"; i=$((i+1)); done';
    await client.run('job', `for w in a b; do (${counting}) & (${counting}) >&2 & done; wait`);
    const { lines } = await client.over('job');
    expect(lines).toHaveLength(2000);
    const expected = Array.from({ length: 500 }, (_, n) => [
      `a ${n}`,
      `a ${n}`,
      `b ${n}`,
      `b ${n}`,
    ]);
    expect([...lines].sort()).toEqual(expected.flat().sort());
    const { body } = await client.get('/api/training/logs/job?limit=5000');
    expect(body.logs).toEqual(lines);
  });

  test('may be a progress bar, broken UTF-8, NUL, colours, and no last line end', async () => {
    await using trainer = await startTrainer();
    const { client } = trainer;
    const script = `printf '\\r 1%%|#  |\\r 2%%|## |\\r\\nbad \\377\\342\\202 \\000\\n\\033[31mred\\033[0m\\nno end'`;
    await client.run('job', script);
    const { lines } = await client.over('job');
    expect(lines).toEqual([
      ' 1%|#  |\r',
      ' 2%|## |',
      'bad \ufffd\ufffd ␀',
      '\u001b[31mred\u001b[0m',
      'no end',
    ]);
  });
});

function randomOffsets(count: number, below: number): number[] {
  return Array.from({ length: count }, () => Math.floor(Math.random() * below));
}

test('is read by its name where the descriptor of whoever writes it is gone at that moment', async () => {
  await writeFile(folder.log, 'one\ntwo\n');
  // Alive, and its output no file: to a reader as one that ended just after it was looked for.
  const writer = spawn('cat', { stdio: 'pipe' });
  onTestFinished(() => void writer.kill());
  await once(writer, 'spawn');
  const identity = identityOf(writer.pid ?? 0);
  if (identity === null) throw new Error('the writer has ended');
  claimRun(folder.claim, identity);
  const log = await openLog('running');
  expect(await read(log, 0, 9)).toEqual(['one', 'two']);
  expect(log.lossReason).toBeNull();
});
