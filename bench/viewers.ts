import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { type BenchRow, median, ratioRow } from './row.ts';
import { cpuMs } from './support/cpu.ts';

const linesPerSecond = 10_000;
const warmUpMs = 1500;
const measuredMs = 4000;

interface Count {
  lines: number;
  holes: number;
  frames: number;
  latencies: number[];
}

/** What all viewers together got in a second, the frames to each, the server's share of a core, and the lines' age on arrival. */
interface Turn {
  perSecond: number;
  framesPerSecond: number;
  cpu: number;
  medianMs: number;
}

/** One job at 10,000 lines a second to many viewers, beside a bare broadcast that sends as many frames as ours did, in turns. */
export async function viewerRows(options: { turns: number }): Promise<BenchRow[]> {
  const many = await turns(1000, options.turns);
  const some = await turns(100, options.turns);
  const peerName = 'a bare ws broadcast of the same frames';
  return [
    ratioRow(
      {
        what: 'one job at 10,000 lines/s to 1000 graphql-ws viewers',
        ours: many.ours.perSecond,
        peer: many.raw.perSecond,
        unit: 'lines/s delivered',
        peerName,
      },
      { atLeast: 0.9 },
    ),
    ratioRow(
      {
        what: 'one job at 10,000 lines/s to 100 viewers: server CPU',
        ours: some.ours.cpu,
        peer: some.raw.cpu,
        unit: '% of a core',
        peerName,
      },
      { atMost: 1.5 },
    ),
    {
      what: 'the same: age of a line on arrival, median',
      ours: some.ours.medianMs,
      peer: some.raw.medianMs,
      unit: 'ms',
      peerName: 'the same broadcast',
      ratio: some.ours.medianMs / some.raw.medianMs,
      target: '≤ 10 ms',
      met: some.ours.medianMs <= 10,
    },
  ];
}

async function turns(viewers: number, count: number): Promise<{ ours: Turn; raw: Turn }> {
  const ours: Turn[] = [];
  const raw: Turn[] = [];
  for (let turn = 0; turn < count; turn += 1) {
    const turn = await run('viewers-ours.ts', viewers);
    ours.push(turn);
    raw.push(await run('viewers-raw.ts', viewers, [String(turn.framesPerSecond)]));
  }
  return { ours: middle(ours), raw: middle(raw) };
}

function middle(all: readonly Turn[]): Turn {
  return {
    perSecond: median(all.map(({ perSecond }) => perSecond)),
    framesPerSecond: median(all.map(({ framesPerSecond }) => framesPerSecond)),
    cpu: median(all.map(({ cpu }) => cpu)),
    medianMs: median(all.map(({ medianMs }) => medianMs)),
  };
}

async function run(serverFile: string, viewers: number, args: string[] = []): Promise<Turn> {
  const server = start(serverFile, args);
  const [{ url, jobId }] = await once(server, 'message');
  const clients = start('viewers-clients.ts', [url, jobId, String(viewers)]);
  await once(clients, 'message');
  server.send(linesPerSecond);
  await setTimeout(warmUpMs);
  await ask(clients);
  const cpuBefore = cpuMs(server);
  const startedAt = performance.now();
  await setTimeout(measuredMs);
  const count = await ask(clients);
  const seconds = (performance.now() - startedAt) / 1000;
  const cpu = (cpuMs(server) - cpuBefore) / 10 / seconds;
  for (const child of [clients, server]) {
    const gone = once(child, 'exit');
    child.disconnect();
    await gone;
  }
  if (count.holes > 0) throw new Error(`${count.holes} holes or doubled lines in ${serverFile}`);
  return {
    perSecond: count.lines / seconds,
    framesPerSecond: count.frames / viewers / seconds,
    cpu,
    medianMs: median(count.latencies),
  };
}

async function ask(clients: ChildProcess): Promise<Count> {
  const answer = once(clients, 'message');
  clients.send('count');
  const [count] = await answer;
  return count;
}

function start(file: string, args: string[]): ChildProcess {
  return fork(new URL(`support/${file}`, import.meta.url), args, { stdio: 'inherit' });
}
