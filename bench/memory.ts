import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { deploy, graphql, rawSocket } from '../test/support/clients.ts';
import { startServer } from '../test/support/server-process.ts';
import type { BenchRow } from './row.ts';

const linesToPrint = 10_000_000;
const mostMb = 512;

/**
 * The server's memory while one job prints as fast as it can and one viewer of it never reads, beside
 * what the same server takes with nothing to do.
 */
export async function memoryRows(): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'trainyard-bench-'));
  try {
    const config = join(folder, 'trainyard.config.json');
    const line =
      '{"step": 1, "loss": 0.5} and some more text that makes it as long as a usual line of a log';
    const recipes = { flood: { command: ['sh', '-c', `yes '${line}' | head -n ${linesToPrint}`] } };
    await writeFile(config, JSON.stringify({ recipes }));
    await using server = await startServer({
      env: { TRAINYARD_CONFIG: config, TRAINYARD_DATA_DIR: join(folder, 'data') },
    });
    const idle = residentMb(server.pid);
    const jobId = await deploy(server.url, { recipe: 'flood' });
    const viewer = rawSocket(server.url);
    await once(viewer, 'open');
    viewer.send('{"type":"connection_init"}');
    await once(viewer, 'message');
    const query = 'subscription ($id: ID!) { logStream(jobId: $id) { lines } }';
    const payload = { query, variables: { id: jobId } };
    viewer.send(JSON.stringify({ id: 'x', type: 'subscribe', payload }));
    viewer.pause();
    let most = idle;
    for (let complete = false; !complete; ) {
      await setTimeout(100);
      most = Math.max(most, residentMb(server.pid));
      const page = '{ logs(jobId: $id, limit: 1) { complete } }';
      const { data } = await graphql(server.url, `query ($id: ID!) ${page}`, { id: jobId });
      complete = data?.logs.complete ?? false;
    }
    viewer.terminate();
    return [
      {
        what: 'memory with one job that prints 10 million lines at once, and a viewer that never reads',
        ours: most,
        peer: idle,
        unit: 'MB',
        peerName: 'the same server, idle',
        ratio: most / idle,
        target: `≤ ${mostMb} MB`,
        met: most <= mostMb,
      },
    ];
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function residentMb(pid: number): number {
  const [, kb] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kb) / 1024;
}
