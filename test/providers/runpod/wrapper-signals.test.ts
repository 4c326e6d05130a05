import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { markerIn } from '../../../src/providers/runpod/log/marker.ts';
import type { Pod } from '../../support/runpod/pod.ts';
import { Follower, numbered } from '../follow.ts';
import { bashRecipe, openYard, printed, type Yard } from './yard.ts';

const id = 'job-a';

/** The wrapper's last word. */
async function end({ standIn }: Yard, pod: Pod) {
  const found = () =>
    printed(pod)
      .map((line) => markerIn(line, id))
      .find((m) => m?.kind === 'end');
  await standIn.until(() => found() !== undefined);
  return found();
}

const shells = ['bash', 'dash', 'busybox'].filter((name) =>
  ['/bin', '/usr/bin'].some((folder) => existsSync(path.join(folder, name))),
);

describe.each(shells)('a recipe for %s', (shell) => {
  const command = (script: string) => [shell, ...(shell === 'busybox' ? ['sh'] : []), '-c', script];
  const open = (script: string) => {
    return openYard('', { recipes: { default: { ...bashRecipe(''), command: command(script) } } });
  };
  const count = 'n=0; while [ $n -lt 1000 ]; do echo "line $n"; n=$((n + 1)); done';

  test.each([
    ['at its end', `trap "kill 0" EXIT; ${count}`, 143],
    ['with what it has started', `sleep 60 & trap "kill 0" EXIT; ${count}; exit 3`, 143],
    ['by SIGKILL', `${count}; kill -KILL 0`, 137],
    ['when it was hung up', `${count}; kill -HUP 0`, 129],
  ])(
    'loses neither a line nor its code where it ends its process group %s',
    async (_, script, exitCode) => {
      const yard = await open(script);
      const pod = await yard.deploy(id);
      expect(await end(yard, pod)).toEqual({ kind: 'end', exitCode, lines: 1000 });
      expect(printed(pod).slice(1, -1)).toEqual(numbered('line', 1000));
      expect(pod.status).toBe('RUNNING');
    },
  );

  test('that is killed has no line that it did not print', async () => {
    const yard = await open('echo one; kill -KILL $$');
    const pod = await yard.deploy(id);
    expect(await end(yard, pod)).toEqual({ kind: 'end', exitCode: 137, lines: 1 });
    expect(printed(pod).slice(1, -1)).toEqual(['one']);
  });

  test('that stops itself is not over', async () => {
    const yard = await open(
      '(sleep 0.3; kill -CONT $$) & echo one; kill -STOP $$; echo two; exit 4',
    );
    const pod = await yard.deploy(id);
    expect(await end(yard, pod)).toEqual({ kind: 'end', exitCode: 4, lines: 2 });
  });
});

test('a SIGTERM that comes before the training has begun ends it all the same', async () => {
  // The wrapper is still being unpacked: its first program waits.
  const folder = await mkdtemp(path.join(tmpdir(), 'trainyard-tool-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const tool = path.join(folder, 'base64');
  const script = `#!/bin/sh
touch "${folder}/began"
until [ -e "${folder}/go" ]; do sleep 0.02; done
PATH=/usr/bin:/bin exec base64 "$@"
`;
  await writeFile(tool, script);
  await chmod(tool, 0o755);
  const yard = await openYard('echo ready; exec sleep 60', {
    standIn: { pathDirs: [folder], stopGraceMs: 20_000 },
  });
  const pod = await yard.deploy(id);
  await expect.poll(() => existsSync(path.join(folder, 'began')), { timeout: 10_000 }).toBe(true);
  pod.stop();
  await writeFile(path.join(folder, 'go'), '');
  expect(await end(yard, pod)).toMatchObject({ exitCode: 143 });
  await pod.settled();
});

test.each([
  ['kill -KILL $$', 137, 'SIGKILL'],
  ['kill -SEGV $$', 139, 'SIGSEGV'],
  ['exit 137', 137, 'SIGKILL'],
  ['exit 1', 1, undefined],
  ['exit 255', 255, undefined],
])(
  'a training that ends by "%s" has failed with code %i and tells its signal',
  async (script, exitCode, signal) => {
    const yard = await openYard(script);
    const pod = await yard.deploy(id);
    const ref = { jobId: id, externalId: pod.id };
    const follower = new Follower(yard.provider.followLogs(ref, null, yard.signal));
    await follower.done;
    const { failure } = follower.ended?.state ?? {};
    expect(failure?.exitCode).toBe(exitCode);
    expect(failure?.signal).toBe(signal);
  },
);

test.each(['code=256', 'code=999', 'code=-1', 'code='])('a line that says %s is no end', (code) => {
  expect(markerIn(`::trainyard ${id} end ${code} lines=3`, id)).toBeNull();
});
