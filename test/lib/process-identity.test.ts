import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { isGroupDead } from '../../src/lib/system/process-identity.ts';

test.runIf(process.platform === 'linux')(
  'a group of which only ended processes are left that nobody waits for is dead',
  async () => {
    // What takes the shell's place waits for nobody.
    const script = 'setsid true & echo $!; exec sleep 60';
    const parent = spawn('bash', ['-c', script], {
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [pid] = await once(parent.stdout, 'data');
    await expect.poll(() => isGroupDead(Number(String(pid)))).toBe(true);
    expect(() => process.kill(-Number(String(pid)), 0)).not.toThrow();
    expect(isGroupDead(parent.pid ?? 0)).toBe(false);
    parent.kill('SIGKILL');
    await once(parent, 'close');
  },
);
