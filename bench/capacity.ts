import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { graphql } from '../test/support/clients.ts';
import { startServer } from '../test/support/server-process.ts';
import { type BenchRow, median } from './row.ts';
import { cpuMs } from './support/cpu.ts';

const jobs = 400;
const linesPerSecond = 10;
const measuredMs = 20_000;
/** Deploys that are under way at once. */
const atOnce = 20;

interface Measured {
  /** Of one core. */
  cpuPercent: number;
  /** Bytes that the process has written to files and sockets, a second. */
  writtenMb: number;
  queryMs: number[];
}

/** Many live jobs on one server, each of them printing, beside a loop that does nothing but append the same lines. */
export async function capacityRows(): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'trainyard-bench-'));
  const trainer = fork(new URL('support/streaming-trainer.ts', import.meta.url));
  try {
    const [{ port }] = await once(trainer, 'message');
    await using server = await startServer({
      env: {
        TRAINING_SERVER_URL: `http://127.0.0.1:${port}`,
        TRAINYARD_DATA_DIR: join(folder, 'data'),
        LOG_LEVEL: 'error',
      },
    });
    const ask = async () => {
      const askedAt = performance.now();
      await graphql(server.url, '{ jobs(first: 1) { totalCount } }');
      return performance.now() - askedAt;
    };
    const idle = await measure(server, ask, 3000);
    const deployedAt = performance.now();
    await deployAll(server.url);
    const deployMs = performance.now() - deployedAt;
    const calls = await statusCalls(trainer);
    await setTimeout(3000);
    const ours = await measure(server, ask, measuredMs);
    await server.end('SIGTERM');
    const bare = await measureBare(join(folder, 'bare'));
    return rows({ idle, ours, bare, deployMs, callsPerJob: calls / jobs });
  } finally {
    trainer.kill();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function rows(all: {
  idle: Measured;
  ours: Measured;
  bare: Measured;
  deployMs: number;
  callsPerJob: number;
}): BenchRow[] {
  const { idle, ours, bare, deployMs, callsPerJob } = all;
  const many = `${jobs} live jobs × ${linesPerSecond} lines/s in events of one line`;
  const loop = 'one loop that appends the same lines';
  const row = (
    what: string,
    [value, peer]: [number, number],
    { unit, peerName, most }: { unit: string; peerName: string; most: number },
  ): BenchRow => ({
    what,
    ours: value,
    peer,
    unit,
    peerName,
    ratio: value / peer,
    target: `≤ ${most} ${unit}`,
    met: value <= most,
  });
  const still = 'the same server without jobs';
  return [
    row(`${many}: processor`, [ours.cpuPercent, bare.cpuPercent], {
      unit: '% of a core',
      peerName: loop,
      most: 60,
    }),
    row(`${many}: written`, [ours.writtenMb, bare.writtenMb], {
      unit: 'MB/s',
      peerName: loop,
      most: 20,
    }),
    row(`${many}: a small query meanwhile, median`, [median(ours.queryMs), median(idle.queryMs)], {
      unit: 'ms',
      peerName: still,
      most: 10,
    }),
    row(
      `${many}: a small query meanwhile, slowest`,
      [Math.max(...ours.queryMs), Math.max(...idle.queryMs)],
      { unit: 'ms', peerName: still, most: 100 },
    ),
    row(`${jobs} deploys, ${atOnce} at once`, [deployMs / 1000, 10], {
      unit: 's',
      peerName: 'the target',
      most: 10,
    }),
    row(`${jobs} deploys: status calls a job`, [callsPerJob, 3], {
      unit: 'calls',
      peerName: 'the target',
      most: 3,
    }),
  ];
}

async function deployAll(url: string): Promise<void> {
  const query =
    'mutation ($input: DeployJobInput!) { deployJob(input: $input) { job { id externalId } } }';
  let left = jobs;
  const deployer = async () => {
    while (left > 0) {
      left -= 1;
      const input = { provider: 'local', modelName: `model ${left}` };
      const { errors } = await graphql(url, query, { input });
      if (errors) throw new Error(JSON.stringify(errors));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, deployer));
}

async function statusCalls(trainer: ChildProcess): Promise<number> {
  trainer.send('how many?');
  const [said] = await once(trainer, 'message');
  return said.statusCalls;
}

async function measureBare(dataDir: string): Promise<Measured> {
  const args = [dataDir, String(jobs), String(linesPerSecond)];
  const loop = fork(new URL('support/bare-appends.ts', import.meta.url), args);
  try {
    await once(loop, 'message');
    return await measure({ pid: loop.pid ?? 0 }, null, measuredMs);
  } finally {
    loop.kill('SIGKILL');
  }
}

async function measure(
  process: { pid: number },
  ask: (() => Promise<number>) | null,
  ms: number,
): Promise<Measured> {
  const startedAt = performance.now();
  const before = { cpu: cpuMs(process), written: writtenBytes(process) };
  const queryMs: number[] = [];
  while (performance.now() - startedAt < ms) {
    if (ask) queryMs.push(await ask());
    await setTimeout(100);
  }
  const tookMs = performance.now() - startedAt;
  return {
    cpuPercent: ((cpuMs(process) - before.cpu) / tookMs) * 100,
    writtenMb: (writtenBytes(process) - before.written) / 1e6 / (tookMs / 1000),
    queryMs,
  };
}

function writtenBytes({ pid }: { pid: number }): number {
  const [, bytes] = /wchar: (\d+)/.exec(readFileSync(`/proc/${pid}/io`, 'utf8')) ?? [];
  return Number(bytes);
}
