import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from '../build.ts';
import { type BenchRow, median } from './row.ts';

/** From the start of the built server to the line that says it is ready, beside Node doing nothing; in turns. */
export async function startRows(options: { turns: number }): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'trainyard-bench-'));
  const main = fileURLToPath(new URL('../bin/trainyard.js', import.meta.url));
  await build();
  const env = { ...process.env, PORT: '0', TRAINYARD_DATA_DIR: folder, LOG_LEVEL: 'warn' };
  const ours: number[] = [];
  const bare: number[] = [];
  try {
    for (let turn = 0; turn <= options.turns; turn += 1) {
      const oursMs = await timed([main, 'serve'], env, (line) =>
        line.includes('Trainyard is ready'),
      );
      const bareMs = await timed(['-e', 'console.log(1)'], env, () => true);
      // The first turn fills the compile cache.
      if (turn === 0) continue;
      ours.push(oursMs);
      bare.push(bareMs);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const ms = median(ours);
  return [
    {
      what: 'start to ready, once built',
      ours: ms,
      peer: median(bare),
      unit: 'ms',
      peerName: 'bare Node that prints a line',
      ratio: ms / median(bare),
      target: '≤ 600 ms',
      met: ms <= 600,
    },
  ];
}

async function timed(
  args: string[],
  env: NodeJS.ProcessEnv,
  isReady: (line: string) => boolean,
): Promise<number> {
  const startedAt = performance.now();
  const flags = ['--disable-warning=ExperimentalWarning'];
  const child = spawn(process.execPath, [...flags, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = once(child, 'exit');
  let readyMs = Number.NaN;
  for await (const line of createInterface(child.stdout)) {
    if (!isReady(line) || !Number.isNaN(readyMs)) continue;
    readyMs = performance.now() - startedAt;
    child.kill('SIGTERM');
  }
  await gone;
  return readyMs;
}
