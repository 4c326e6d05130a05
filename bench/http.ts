import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { type BenchRow, median, ratioRow } from './row.ts';

const secondsPerTurn = 3;
const connections = 8;

const selections = {
  lines: '{ lines offset nextOffset total hasMore complete }',
  entries: '{ entries { offset text time } }',
};

/**
 * `logs` over HTTP, a page of 1000 lines, beside a bare node:http server that turns the same object
 * into JSON at every request; in turns.
 */
export async function httpRows(options: { turns: number }): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'trainyard-bench-'));
  const servers = [start('http-ours.ts', folder), start('http-bare.ts', folder)] as const;
  try {
    const [ours, bare] = await Promise.all(servers.map(address));
    const rows: BenchRow[] = [];
    for (const [kind, selection] of Object.entries(selections)) {
      const rates = { ours: [] as number[], bare: [] as number[] };
      for (let turn = 0; turn < options.turns; turn += 1) {
        rates.ours.push(await rate(ours?.url ?? '', ours?.jobId ?? '', selection));
        rates.bare.push(await rate(bare?.url ?? '', kind, selection));
      }
      rows.push(
        ratioRow(
          {
            what: `\`logs\` over HTTP, ${kind}, 1000 lines`,
            ours: median(rates.ours),
            peer: median(rates.bare),
            unit: 'requests/s',
            peerName: 'bare node:http that stringifies the same object',
          },
          { atLeast: 0.6 },
        ),
      );
    }
    return rows;
  } finally {
    for (const server of servers) await stop(server);
    await rm(folder, { recursive: true, force: true });
  }
}

async function rate(url: string, jobId: string, selection: string): Promise<number> {
  const query = `query ($id: ID!) { logs(jobId: $id, limit: 1000, offset: 50000) ${selection} }`;
  const result = await autocannon({
    url: `${url}/graphql`,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables: { id: jobId } }),
    connections,
    duration: secondsPerTurn,
  });
  if (result.non2xx > 0 || result.errors > 0) throw new Error(`${url} answered with errors`);
  return result.requests.average;
}

function start(file: string, folder: string): ChildProcess {
  return fork(new URL(`support/${file}`, import.meta.url), [folder], { stdio: 'inherit' });
}

async function address(server: ChildProcess): Promise<{ url: string; jobId: string }> {
  const [message] = await once(server, 'message');
  return message;
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return;
  const gone = once(server, 'exit');
  server.disconnect();
  await gone;
}
