import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { deploy, graphql } from '../test/support/clients.ts';
import { type ServerProcess, startServer } from '../test/support/server-process.ts';
import { type BenchRow, median } from './row.ts';
import { attacks } from './support/attacks.ts';

const lineCount = 100_000;
const attackMs = 4000;
const mostWaitMs = 250;
const mostMb = 512;

/** What others wait for a plain question, and what the server takes, while some client, in a process of its own, asks for much and reads nothing. */
export async function stallRows(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const what of Object.keys(attacks)) rows.push(...(await measure(what)));
  return rows;
}

async function measure(what: string): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'trainyard-bench-'));
  try {
    await using server = await startServer({ env: await settings(folder) });
    const jobId = await deploy(server.url, { recipe: 'lines' });
    await complete(server.url, jobId);
    const before = await watch(server, setTimeout(1000));
    const attacker = fork(new URL('support/attacker.ts', import.meta.url), [
      what,
      server.url,
      jobId,
      String(lineCount),
    ]);
    // The beginning counts, too: from the first connection until so long after the last.
    const attacked = once(attacker, 'message').then(() => setTimeout(attackMs));
    const during = await watch(server, attacked);
    attacker.disconnect();
    return [
      row({
        what: `${what}: others wait, median`,
        unit: 'ms',
        ours: median(during.waits),
        peer: median(before.waits),
        most: mostWaitMs,
      }),
      row({
        what: `${what}: at most`,
        unit: 'ms',
        ours: Math.max(...during.waits),
        peer: Math.max(...before.waits),
        most: mostWaitMs,
      }),
      row({ what: `${what}: memory`, unit: 'MB', ours: during.mb, peer: before.mb, most: mostMb }),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function settings(folder: string): Promise<Record<string, string>> {
  const config = join(folder, 'trainyard.config.json');
  const line =
    '{"step": 1, "loss": 0.5} and some more text, among it é漢, that makes it as long as the lines of a log are';
  const recipes = { lines: { command: ['sh', '-c', `yes '${line}' | head -n ${lineCount}`] } };
  await writeFile(config, JSON.stringify({ recipes }));
  return { TRAINYARD_CONFIG: config, TRAINYARD_DATA_DIR: join(folder, 'data') };
}

async function complete(url: string, id: string): Promise<void> {
  const query = 'query ($id: ID!) { logs(jobId: $id, limit: 1) { complete } }';
  while (!(await graphql(url, query, { id })).data?.logs.complete) await setTimeout(100);
}

/** Asks a plain question again and again, until something is over. */
async function watch(
  { url, pid }: ServerProcess,
  until: Promise<unknown>,
): Promise<{ waits: number[]; mb: number }> {
  const waits: number[] = [];
  let mb = 0;
  let isOver = false;
  const over = until.then(() => {
    isOver = true;
  });
  while (!isOver) {
    const askedAt = performance.now();
    await graphql(url, '{ __typename }');
    waits.push(performance.now() - askedAt);
    mb = Math.max(mb, residentMb(pid));
    await setTimeout(20);
  }
  await over;
  return { waits, mb };
}

function row(
  measured: Pick<BenchRow, 'what' | 'unit' | 'ours' | 'peer'> & { most: number },
): BenchRow {
  const { most, ...facts } = measured;
  const ratio = facts.ours / facts.peer;
  return {
    ...facts,
    peerName: 'the same server before',
    ratio,
    target: `≤ ${most} ${facts.unit}`,
    met: facts.ours <= most,
  };
}

function residentMb(pid: number): number {
  const [, kb] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kb) / 1024;
}
