import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { type BenchRow, median, ratioRow } from './row.ts';
import { cpuMs } from './support/cpu.ts';

const secondsPerTurn = 3;
const connections = 8;

const selections = {
  lines: '{ lines offset nextOffset total hasMore complete }',
  entries: '{ entries { offset text time } }',
};

/**
 * `logs` over HTTP, a page of 1000 lines, beside a bare node:http server that turns the same object
 * into JSON at every request; in turns. Counted are requests per second of the server's processor time:
 * the client that reads the answers is slower than either server, and must not be what is measured.
 */
export async function httpRows(options: { turns: number }): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'trainyard-bench-'));
  const servers = { ours: start('http-ours.ts', folder), bare: start('http-bare.ts', folder) };
  try {
    const ours = { server: servers.ours, ...(await address(servers.ours)) };
    const bare = { server: servers.bare, ...(await address(servers.bare)) };
    const rows: BenchRow[] = [];
    for (const [kind, selection] of Object.entries(selections)) {
      const rates = { ours: [] as number[], bare: [] as number[] };
      for (let turn = 0; turn <= options.turns; turn += 1) {
        const rateOfOurs = await rate(ours, selection);
        const rateOfBare = await rate(bare, selection);
        // The first turn warms both up.
        if (turn === 0) continue;
        rates.ours.push(rateOfOurs);
        rates.bare.push(rateOfBare);
      }
      rows.push(
        ratioRow(
          {
            what: `\`logs\` over HTTP, ${kind}, the same 1000 lines again and again`,
            ours: median(rates.ours),
            peer: median(rates.bare),
            unit: 'requests per CPU second',
            peerName: 'bare node:http that stringifies the same object',
          },
          { atLeast: 0.6 },
        ),
      );
    }
    return rows;
  } finally {
    for (const server of Object.values(servers)) await stop(server);
    await rm(folder, { recursive: true, force: true });
  }
}

interface Target {
  server: ChildProcess;
  url: string;
  jobId: string;
}

async function rate({ server, url, jobId }: Target, selection: string): Promise<number> {
  const query = `query ($id: ID!) { logs(jobId: $id, limit: 1000, offset: 50000) ${selection} }`;
  const before = cpuMs(server);
  const result = await autocannon({
    url: `${url}/graphql`,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables: { id: jobId } }),
    connections,
    duration: secondsPerTurn,
  });
  if (result.non2xx > 0 || result.errors > 0) throw new Error(`${url} answered with errors`);
  return (result.requests.total / (cpuMs(server) - before)) * 1000;
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
