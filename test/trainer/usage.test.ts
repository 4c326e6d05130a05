import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { UsageReader } from '../../src/trainer/process/usage.ts';

// Says when it, and a child of it in a session of its own, are there; the child keeps a core busy.
const program = `
  const { spawn } = require('node:child_process');
  const child = spawn(process.execPath, ['-e', 'const b = Buffer.alloc(64e6, 1); console.log("there"); for (;;) b[0]++'], {
    detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout.once('data', () => console.log(child.pid));
  process.once('SIGTERM', () => { child.kill('SIGKILL'); process.exit(0); });
  setInterval(() => {}, 1000);`;

test.skipIf(process.platform !== 'linux')(
  'a job uses what its processes use, also those in other sessions, until it ends',
  async () => {
    const job = spawn(process.execPath, ['-e', program], {
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(createInterface(job.stdout), 'line');
    const pid = job.pid ?? 0;
    const gpu = {
      name: 'H100',
      memory_total_mb: 80_000,
      memory_used_mb: 1000,
      utilization_percent: 93,
    };
    const reader = new UsageReader({ gpus: () => Promise.resolve([gpu]), freshMs: 0 });
    const first = await reader.of(pid);
    expect(first).toMatchObject({ cpuCores: null, gpus: [gpu] });
    expect(first?.memoryBytes).toBeGreaterThan(64e6);
    await expect.poll(async () => (await reader.of(pid))?.cpuCores).toBeGreaterThan(0);
    job.kill('SIGTERM');
    await once(job, 'exit');
    expect(await reader.of(pid)).toBeNull();
  },
);
