import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { graphql } from '../test/support/clients.ts';
import { startServer } from '../test/support/server-process.ts';
import type { BenchRow } from './row.ts';
import { now } from './support/lines-source.ts';

const job = fileURLToPath(new URL('support/stamp-job.ts', import.meta.url));

/**
 * From the process writing a line to the viewer receiving it: through file, training server, provider,
 * store and graphql-ws, beside a plain `tail -f` of the job's output file.
 */
export async function latencyRows(): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'trainyard-bench-'));
  try {
    const ours = await viewed(folder);
    const tail = await tailed(folder);
    return [
      percentileRow('median', { ours, tail }, 0.5, 30),
      percentileRow('p99', { ours, tail }, 0.99, 150),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function percentileRow(
  name: string,
  { ours, tail }: { ours: number[]; tail: number[] },
  part: number,
  mostMs: number,
): BenchRow {
  const at = (values: number[]) =>
    values.toSorted((a, b) => a - b)[Math.floor(values.length * part)] ?? Number.NaN;
  return {
    what: `from the process writing a line to the viewer receiving it, ${name}`,
    ours: at(ours),
    peer: at(tail),
    unit: 'ms',
    peerName: '`tail -f` of the file',
    ratio: at(ours) / at(tail),
    target: `≤ ${mostMs} ms`,
    met: at(ours) <= mostMs,
  };
}

async function viewed(folder: string): Promise<number[]> {
  const config = join(folder, 'trainyard.config.json');
  const recipes = { stamp: { command: [process.execPath, job] } };
  await writeFile(config, JSON.stringify({ recipes }));
  await using server = await startServer({
    env: { TRAINYARD_CONFIG: config, TRAINYARD_DATA_DIR: join(folder, 'data') },
  });
  const { data } = await graphql(
    server.url,
    'mutation { deployJob(input: { provider: "local", recipe: "stamp", modelName: "bench" }) { job { id } } }',
  );
  const client = createClient({
    url: `${server.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
  });
  const latencies: number[] = [];
  const pages = client.iterate<{ logStream: { lines: string[] } }>({
    query: 'subscription ($id: ID!) { logStream(jobId: $id) { lines } }',
    variables: { id: data.deployJob.job.id },
  });
  for await (const page of pages) {
    for (const line of page.data?.logStream.lines ?? []) latencies.push(now() - Number(line));
  }
  await client.dispose();
  return latencies;
}

async function tailed(folder: string): Promise<number[]> {
  const file = join(folder, 'output');
  await writeFile(file, '');
  const tail = spawn('tail', ['-f', '-n', '+1', file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const latencies: number[] = [];
  tail.stdout.on('data', (chunk) => {
    for (const line of String(chunk).trim().split('\n')) latencies.push(now() - Number(line));
  });
  const printing = spawn('sh', ['-c', `exec "$0" "$1" >> "$2"`, process.execPath, job, file]);
  await once(printing, 'exit');
  const gone = once(tail, 'exit');
  tail.kill();
  await gone;
  return latencies;
}
