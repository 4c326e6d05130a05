import { writeFile } from 'node:fs/promises';
import { arch, cpus, platform, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { capacityRows } from './capacity.ts';
import { checksumRows } from './checksums.ts';
import { httpRows } from './http.ts';
import { latencyRows } from './latency.ts';
import { memoryRows } from './memory.ts';
import { readingRows } from './reading.ts';
import { type BenchRow, formatRows } from './row.ts';
import { stallRows } from './stalls.ts';
import { startRows } from './start.ts';
import { storeRows } from './store.ts';
import { viewerRows } from './viewers.ts';

// Measures every row, prints it as it comes, and writes bench/RESULTS.md. `--only start,http` runs a part
// and writes nothing; `--lines` is the length of the store's log.
const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    lines: { type: 'string', default: '10000000' },
    turns: { type: 'string', default: '5' },
  },
});
const turns = Number(values.turns);
const parts: Record<string, () => Promise<BenchRow[]>> = {
  // First: it is short, and would meet what the others have left for the disk to write.
  start: () => startRows({ turns }),
  reading: () => readingRows({ turns }),
  store: () => storeRows({ lines: Number(values.lines) }),
  checksums: checksumRows,
  http: () => httpRows({ turns }),
  viewers: () => viewerRows({ turns }),
  capacity: capacityRows,
  latency: latencyRows,
  memory: memoryRows,
  stalls: stallRows,
};
const wanted = values.only?.split(',') ?? Object.keys(parts);

const rows: BenchRow[] = [];
for (const name of wanted) {
  const measure = parts[name];
  if (!measure) throw new Error(`--only knows ${Object.keys(parts).join(', ')}; not ${name}`);
  const measured = await measure();
  console.log(formatRows(measured), '\n');
  rows.push(...measured);
}
if (!values.only) await writeFile(new URL('RESULTS.md', import.meta.url), report(rows));

function report(all: readonly BenchRow[]): string {
  const [cpu] = cpus();
  const number = (value: number) =>
    value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
  const lines = all.map(
    (row) =>
      `| ${row.what} | ${number(row.ours)} ${row.unit} | ${number(row.peer)} ${row.unit} | ${row.peerName} | ${number(row.ratio)} | ${row.target} | ${row.met ? 'met' : 'missed'} |`,
  );
  return `# How fast it is, beside what

Made by \`npm run bench\` on ${new Date().toISOString().slice(0, 10)}: Node ${process.versions.node}, ${platform()} ${arch()},
${cpus().length} × ${cpu?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB. Ours and its peer ran in turns within the same run;
the ratio is what counts, for the times alone say as much about the machine.

| what | ours | peer | the peer is | ratio | target | |
|---|---|---|---|---|---|---|
${lines.join('\n')}
`;
}
