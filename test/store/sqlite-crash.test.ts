import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import Sqlite from 'better-sqlite3';
import { afterEach, expect, test } from 'vitest';
import { sqlitePlace } from './place.ts';
import { knownLine, newJob } from './samples.ts';

/** Twice for each number of acknowledgements after which a writer is killed. */
const rounds = 24;
const child = join(import.meta.dirname, 'children/crash.ts');

let writer: ChildProcess | undefined;
afterEach(() => writer?.kill('SIGKILL'));

test(`${rounds} kills in the middle of appends lose no acknowledged line and repeat none`, {
  timeout: 120_000,
}, async () => {
  const place = await sqlitePlace();
  let store = await place.open();
  const { job } = await store.jobs.insert(newJob());
  let checked = 0;
  for (let round = 0; round < rounds; round++) {
    await store.close();
    const acknowledged = await killedWriter(place.dataDir, job.id, round % 12);
    store = await place.open();
    const head = await store.logs.head(job.id);
    expect(head.total).toBeGreaterThanOrEqual(acknowledged);
    expect(head.cursor ?? '0').toBe(`${head.total}`);
    for await (const { first, block } of store.logs.scan(job.id, { from: checked })) {
      expect(first).toBe(checked);
      for (const text of block?.lines ?? []) {
        if (text !== knownLine(checked)) expect(text).toBe(knownLine(checked));
        checked += 1;
      }
    }
    expect(checked).toBe(head.total);
  }
  const whole = await store.logs.read(job.id, { offset: 0, limit: 2000, maxChars: 1e9 });
  expect(whole.lines).toEqual(Array.from({ length: 2000 }, (_, line) => knownLine(line)));
  await store.close();
  const db = new Sqlite(join(place.dataDir, 'trainyard.db'), { readonly: true });
  expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
  db.close();
  await place.dispose();
});

/** Lets a writer go, kills it some time after so many acknowledgements, and tells the last one. */
async function killedWriter(dataDir: string, jobId: string, acks: number): Promise<number> {
  const running = spawn(process.execPath, [child, dataDir, jobId], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  writer = running;
  const exited = once(running, 'exit');
  let last = 0;
  let left = acks;
  for await (const line of createInterface({ input: running.stdout })) {
    last = Number(line);
    if (left === 0) setTimeout(() => running.kill('SIGKILL'), Math.random() * 5);
    left -= 1;
  }
  expect(await exited).toEqual([null, 'SIGKILL']);
  return last;
}
