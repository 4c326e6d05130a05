import { existsSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { graphql } from '../support/clients.ts';

/** A recipe's command that prints until the file that `config.stop` names is there. */
export const chattyCommand = [
  process.execPath,
  fileURLToPath(new URL('../support/chatty-job.ts', import.meta.url)),
];

/** Ends every chatty job of a training server's data folder: jobs outlive their server. */
export async function endJobs(trainerDir: string, stop: string): Promise<void> {
  await writeFile(stop, '');
  const jobs = join(trainerDir, 'jobs');
  for (const job of existsSync(jobs) ? await readdir(jobs) : []) {
    while (!existsSync(join(jobs, job, 'exit.json'))) await setTimeout(20);
  }
}

/** Reads pages until `atLeast` lines are known or the log is complete; what was served before must come again. */
export async function readOn(
  url: string,
  jobId: string,
  served: string[],
  { atLeast }: { atLeast: number },
): Promise<void> {
  for (;;) {
    const from = Math.max(0, served.length - 200);
    const { data, errors } = await graphql(
      url,
      'query ($id: ID!, $from: Int!) { logs(jobId: $id, offset: $from, limit: 5000) { lines offset nextOffset hasMore complete } }',
      { id: jobId, from },
    );
    if (!data) throw new Error(JSON.stringify(errors));
    const { lines, offset, nextOffset, hasMore, complete } = data.logs;
    expect(offset).toBe(from);
    expect(nextOffset).toBe(from + lines.length);
    const known = served.slice(from);
    expect(lines.slice(0, known.length)).toEqual(known);
    served.push(...lines.slice(known.length));
    if (hasMore) continue;
    if (complete || served.length >= atLeast) return;
    await setTimeout(10);
  }
}
