import { newJobId } from '../../src/core/job.ts';
import type { LineBlock } from '../../src/core/log.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';

/** Realistic lines of a training log, about 118 bytes each; the same for the same numbers. */
export function sampleLines(first: number, count: number): string[] {
  const lines: string[] = [];
  for (let line = first; line < first + count; line += 1) {
    const loss = (2.5 / (1 + line / 5000)).toFixed(4);
    lines.push(
      line % 10 === 0
        ? `[2026-06-01 12:00:00,${String(line % 1000).padStart(3, '0')}] [INFO] [trainer.py:${line % 900}] saving and evaluating shard ${line} of the validation split now`
        : `{'loss': ${loss}, 'grad_norm': ${(1 + (line % 97) / 100).toFixed(6)}, 'learning_rate': ${(5e-5 / (1 + line / 9000)).toExponential(6)}, 'epoch': ${(line / 10000).toFixed(4)}, 'step': ${line}}`,
    );
  }
  return lines;
}

/** Makes a store in `dataDir` with one ended job of `lines` lines; resolves to the job's id. */
export async function sampleStore(dataDir: string, lines: number): Promise<string> {
  const store = await openSqliteStore({ dataDir });
  const id = newJobId();
  await store.jobs.insert({
    id,
    name: 'sample',
    provider: 'local',
    recipe: 'default',
    modelName: 'sample',
    datasetPath: null,
    config: {},
    options: {},
    idempotencyKey: null,
  });
  const lease = await store.leases.claim(id);
  if (!lease) throw new Error('the sample job is held by another server');
  for (let first = 0; first < lines; first += 10_000) {
    const texts = sampleLines(first, Math.min(10_000, lines - first));
    const block: LineBlock = {
      texts,
      runs: [{ count: texts.length, time: Date.now(), source: null }],
    };
    await store.logs.append(lease, { ...block, cursor: null, carry: null });
  }
  await store.jobs.update(id, () => ({ status: 'COMPLETED', finishedAt: Date.now() }));
  await store.logs.complete(lease);
  await store.close();
  return id;
}
