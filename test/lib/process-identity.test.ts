import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, test } from 'vitest';
import {
  identityOf,
  isAlive,
  isGone,
  isGroupDead,
  isStopped,
  type ProcessIdentity,
  signalGroup,
} from '../../src/lib/system/process-identity.ts';

const onLinux = process.platform === 'linux';
let children: ChildProcess[] = [];

afterEach(async () => {
  const ended = children.map((child) => (hasEnded(child) ? null : once(child, 'exit')));
  for (const child of children) child.kill('SIGKILL');
  children = [];
  await Promise.all(ended);
});

/** A process of its own group; what it prints and reads is a pipe. */
function start(program: string, ...args: string[]) {
  const child = spawn(program, args, { detached: true, stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  return child;
}

function startSleep(): { child: ChildProcess; identity: ProcessIdentity } {
  const child = start('sleep', '60');
  const identity = identityOf(child.pid ?? 0);
  if (identity === null) throw new Error('sleep has not started');
  return { child, identity };
}

async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

describe('an identity', () => {
  test('is alive, and not gone, until the process ends', async () => {
    const { child, identity } = startSleep();
    expect([isAlive(identity), isGone(identity)]).toEqual([true, false]);
    await end(child);
    expect([isAlive(identity), isGone(identity)]).toEqual([false, true]);
  });

  test('is not that of another process with the same pid', () => {
    const { identity } = startSleep();
    const earlier = { ...identity, start: identity.start.replace(/\d$/, (last) => `${last}0`) };
    expect([isAlive(earlier), isGone(earlier)]).toEqual([false, true]);
    expect(signalGroup(earlier, 'SIGKILL')).toBe(false);
    expect(isAlive(identity)).toBe(true);
  });

  test.runIf(onLinux)(
    'of another container is gone only once the machine has been started again',
    () => {
      const { identity } = startSleep();
      const elsewhere = { ...identity, pid: 4_000_000, namespace: 'pid:[1]' };
      expect(isGone(elsewhere)).toBe(false);
      expect(isGone({ ...elsewhere, start: 'another-boot:1' })).toBe(true);
    },
  );

  test('tells whether its process is stopped', async () => {
    const { child, identity } = startSleep();
    expect(isStopped(identity.pid)).toBe(false);
    child.kill('SIGSTOP');
    await expect.poll(() => isStopped(identity.pid)).toBe(true);
    expect(isAlive(identity)).toBe(true);
    child.kill('SIGCONT');
    await expect.poll(() => isStopped(identity.pid)).toBe(false);
  });
});

test.runIf(onLinux)(
  'a group of which only ended processes are left that nobody waits for is dead',
  async () => {
    // The child tells its pid once it leads a group of its own, and ends when it is told to. Its
    // parent's place is then taken by a program that waits for nobody.
    const child = "setsid sh -c 'echo $$; read word' <&0 &";
    const parent = start('bash', '-c', `${child} exec sleep 60`);
    const [said] = await once(parent.stdout, 'data');
    const group = Number(String(said));
    expect(isGroupDead(group)).toBe(false);
    const nameOfParent = () => readFile(`/proc/${parent.pid}/comm`, 'utf8');
    await expect.poll(nameOfParent).toBe('sleep\n');
    parent.stdin.write('go\n');
    await expect.poll(() => isGroupDead(group)).toBe(true);
    expect(() => process.kill(-group, 0)).not.toThrow();
    expect(isGroupDead(parent.pid ?? 0)).toBe(false);
  },
);
