import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { deploy, graphql } from '../support/clients.ts';
import { openFolder } from '../support/folder.ts';
import { startServer } from '../support/server-process.ts';

const lines = 3_000_000;

test.skipIf(!existsSync('/proc/self/status'))(
  'a job that prints as fast as it can costs bounded memory, holds nobody up, and loses no line',
  async () => {
    await using folder = await openFolder();
    const config = join(folder.path, 'trainyard.config.json');
    const recipes = { flood: { command: ['sh', '-c', `seq -f 'line %.0f of a flood' ${lines}`] } };
    await writeFile(config, JSON.stringify({ recipes }));
    const env = { TRAINYARD_CONFIG: config, TRAINYARD_DATA_DIR: join(folder.path, 'data') };
    await using server = await startServer({ env });
    const id = await deploy(server.url, { recipe: 'flood' });

    let answers = 0;
    let mostMiB = 0;
    for (let complete = false; !complete; answers += 1) {
      const asked = `{ jobs { totalCount } logs(jobId: "${id}", limit: 1000, offset: -1000) { complete lines offset } }`;
      const { data } = await graphql(server.url, asked);
      expect(data.jobs.totalCount).toBe(1);
      const { offset, lines: page } = data.logs;
      expect(page[0] ?? numbered(offset)).toBe(numbered(offset));
      expect(page.at(-1) ?? 'none').toBe(
        page.length > 0 ? numbered(offset + page.length - 1) : 'none',
      );
      complete = data.logs.complete;
      mostMiB = Math.max(mostMiB, residentMiB(server.pid));
    }
    // Between two of its batches, others are answered.
    expect(answers).toBeGreaterThan(10);
    expect(mostMiB).toBeLessThan(512);
    const query = `{ job(id: "${id}") { status logs(limit: 1) { total gaps { reason } } } }`;
    expect((await graphql(server.url, query)).data.job).toEqual({
      status: 'COMPLETED',
      logs: { total: lines, gaps: [] },
    });
    const text = await fetch(`${server.url}/jobs/${id}/log`);
    let line = 0;
    let rest = '';
    for await (const piece of text.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const whole = (rest + piece).split('\n');
      rest = whole.pop() ?? '';
      for (const one of whole) if (one !== numbered(line++)) expect(one).toBe(numbered(line - 1));
    }
    expect({ line, rest }).toEqual({ line: lines, rest: '' });
  },
  240_000,
);

const numbered = (offset: number) => `line ${offset + 1} of a flood`;

function residentMiB(pid: number): number {
  const [, kib] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kib) / 1024;
}
