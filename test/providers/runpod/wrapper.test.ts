import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Marker, markerIn } from '../../../src/providers/runpod/log/marker.ts';
import type { Pod } from '../../support/runpod/pod.ts';
import type { RunPodStandIn } from '../../support/runpod/server.ts';
import { bashRecipe, openYard, printed } from './yard.ts';

const id = 'job-a';

describe('the wrapper in a pod', () => {
  test('says when the training begins and how it ended, with the number of its lines', async () => {
    const { standIn, deploy } = await openYard('echo one; echo two >&2; printf three; exit 3');
    const pod = await deploy(id);
    expect(await end(standIn, pod)).toEqual({ kind: 'end', exitCode: 3, lines: 3 });
    const [begin, ...lines] = printed(pod);
    expect(markerIn(begin ?? '', id)).toMatchObject({ kind: 'begin' });
    expect(lines.slice(0, -1)).toEqual(['one', 'two', 'three']);
  });

  test('passes every argument and value on as it is', async () => {
    const odd = [
      '',
      ' ',
      "it's",
      '"$HOME" `id` $(id)',
      'back\\slash',
      'two\nlines',
      'äöü 漢字 🚂',
      '*',
    ];
    const print = 'process.stdout.write(JSON.stringify([process.argv.slice(1), process.env.ODD]))';
    const recipe = {
      ...bashRecipe(''),
      command: ['node', '-e', print, '--', ...odd],
      env: { ODD: odd.join('|') },
    };
    const { standIn, deploy } = await openYard('', { recipes: { default: recipe } });
    const pod = await deploy(id);
    await end(standIn, pod);
    expect(JSON.parse(printed(pod)[1] ?? '')).toEqual([odd, odd.join('|')]);
  });

  test('fills the recipe in, with paths of the pod', async () => {
    const script =
      'echo {model} {dataset} {job} {config.rate}; cat {config}; echo; echo {output}; env';
    const { standIn, deploy } = await openYard('', {
      recipes: {
        default: { ...bashRecipe(script), dataset: '/data', defaults: { rate: 1, seed: 7 } },
      },
    });
    const pod = await deploy(id, {
      config: { rate: 0.5 },
      options: { env: [{ name: 'A', value: 'b c' }] },
    });
    await end(standIn, pod);
    const lines = printed(pod);
    expect(lines.slice(1, 3)).toEqual(['test-model /data job-a 0.5', '{"rate":0.5,"seed":7}']);
    expect(lines[3]).toBe(path.join(pod.directory, 'workspace/trainyard/job-a/output'));
    expect(lines).toContain('A=b c');
    expect(lines).toContain(`JOB_OUTPUT_DIR=${lines[3]}`);
    expect(lines).toContain('JOB_MODEL=test-model');
    expect(lines.filter((line) => line.startsWith('TRAINYARD_'))).toEqual([]);
  });

  test.each(['command', 'job', 'state', 'PATH', 'TMPDIR', 'not-a-shell-name'])(
    'gives the training a variable of the recipe that is called %s, and heeds it not itself',
    async (name) => {
      const print = `process.stdout.write(process.env[${JSON.stringify(name)}])`;
      const recipe = {
        ...bashRecipe(''),
        command: [process.execPath, '-e', print],
        env: { [name]: '/nowhere' },
      };
      const { standIn, deploy } = await openYard('', { recipes: { default: recipe } });
      const pod = await deploy(id);
      expect(await end(standIn, pod)).toEqual({ kind: 'end', exitCode: 0, lines: 1 });
      expect(printed(pod)[1]).toBe('/nowhere');
    },
  );

  test("leaves the caller's variables as they are, whatever their names", async () => {
    const names = ['job', 'command', 'config', 'files', 'home', 'state', 'log', 'word', 'pipe'];
    const { standIn, deploy } = await openYard('env');
    const env = names.map((name) => ({ name, value: `its ${name}` }));
    const pod = await deploy(id, { options: { env } });
    await end(standIn, pod);
    expect(printed(pod)).toEqual(
      expect.arrayContaining(names.map((name) => `${name}=its ${name}`)),
    );
  });

  test('runs the command beside the files that travel with the recipe', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'trainyard-files-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    await writeFile(path.join(folder, 'train.sh'), 'echo "I came along"');
    await chmod(path.join(folder, 'train.sh'), 0o755);
    const recipe = { ...bashRecipe('./train.sh'), cwd: folder, files: ['.'] };
    const { standIn, deploy } = await openYard('', { recipes: { default: recipe } });
    const pod = await deploy(id);
    expect(await end(standIn, pod)).toMatchObject({ exitCode: 0 });
    expect(printed(pod)).toContain('I came along');
  });

  test('keeps the log in a file of the workspace', async () => {
    const { standIn, deploy } = await openYard('echo one; echo two');
    const pod = await deploy(id);
    await end(standIn, pod);
    const log = path.join(pod.directory, 'workspace/training_output.log');
    expect(await readFile(log, 'utf8')).toBe('one\ntwo\n');
  });

  test('says the exit code though the disk is full, and does not when the container is started again', async () => {
    // What is written to /dev/full meets a full disk.
    const script = 'ln -s /dev/full "$(dirname "$JOB_OUTPUT_DIR")/state.new"; echo one; exit 3';
    const { standIn, deploy } = await openYard(script);
    const pod = await deploy(id);
    expect(await end(standIn, pod)).toEqual({ kind: 'end', exitCode: 3, lines: 1 });
    pod.kill();
    await standIn.until(() => pod.status === 'EXITED');
    pod.start();
    await standIn.until(() => ends(pod).length === 2);
    expect(ends(pod)[1]).toMatchObject({ exitCode: 'interrupted' });
  });

  test('says the exit code in a line of its own though the log was too much for the disk', async () => {
    const folder = await openTool('tee', 'PATH=/usr/bin:/bin exec tee /dev/full');
    const { standIn, deploy } = await openYard('printf one; exit 3', {
      standIn: { pathDirs: [folder] },
    });
    const pod = await deploy(id);
    expect(await end(standIn, pod)).toEqual({ kind: 'end', exitCode: 3, lines: null });
    expect(printed(pod)).toContain('one');
  });

  test('says what a shell says of a program that is not there', async () => {
    const recipe = { ...bashRecipe(''), command: ['no-such-program'] };
    const { standIn, deploy } = await openYard('', { recipes: { default: recipe } });
    expect(await end(standIn, await deploy(id))).toMatchObject({ exitCode: 127 });
  });

  test('hands SIGTERM to the training and reports its last words', async () => {
    const script = 'trap "echo saved; exit 5" TERM; echo ready; while :; do sleep 0.05; done';
    const { standIn, deploy } = await openYard(script);
    const pod = await deploy(id);
    await standIn.until(() => printed(pod).includes('ready'));
    pod.stop();
    expect(await end(standIn, pod)).toMatchObject({ exitCode: 5, lines: 2 });
    await standIn.until(() => pod.status === 'EXITED' && pod.pid === null);
    expect(printed(pod).slice(1, -1)).toEqual(['ready', 'saved']);
  });

  test('does not wait for ever for what the training has left running', async () => {
    const { standIn, deploy } = await openYard('sleep 60 & echo done');
    const pod = await deploy(id);
    expect(await end(standIn, pod)).toMatchObject({ exitCode: 0, lines: 1 });
  });
});

describe('a container that is started again', () => {
  test('says once more how the training ended, and does not train', async () => {
    const { standIn, deploy } = await openYard('echo once; exit 4');
    const pod = await deploy(id);
    await end(standIn, pod);
    pod.kill();
    await standIn.until(() => pod.status === 'EXITED');
    pod.start();
    await standIn.until(() => ends(pod).length === 2);
    expect(ends(pod)[1]).toEqual({ kind: 'end', exitCode: 4, lines: 1 });
    expect(printed(pod).filter((line) => line === 'once')).toEqual(['once']);
  });

  test('says that a training was interrupted, and does not begin it anew', async () => {
    const { standIn, deploy } = await openYard('echo once; sleep 60');
    const pod = await deploy(id);
    await standIn.until(() => printed(pod).includes('once'));
    pod.kill();
    await standIn.until(() => pod.status === 'EXITED');
    pod.start();
    expect(await end(standIn, pod)).toEqual({ kind: 'end', exitCode: 'interrupted', lines: null });
    expect(printed(pod).filter((line) => line === 'once')).toEqual(['once']);
  });
});

describe('a pod that nobody comes for', () => {
  test("ends itself over RunPod's API, with its own key", async () => {
    const { standIn, deploy } = await openYard('exit 0', { graceSeconds: 0 });
    const pod = await deploy(id);
    await standIn.until(() => pod.status === 'TERMINATED');
    const asked = () => standIn.requests.find(({ path }) => path.endsWith('/action'));
    await standIn.until(() => asked()?.status === 204);
    expect(asked()?.body).toEqual({ action: 'terminate' });
  });

  test("ends itself with RunPod's own tool where the image has it", async () => {
    const folder = await openTool('runpodctl', 'echo "$@" >"$HOME/workspace/asked"');
    const script = 'echo "$HOME"';
    const options = { graceSeconds: 0, standIn: { pathDirs: [folder] } };
    const { standIn, deploy } = await openYard(script, options);
    const pod = await deploy(id);
    await end(standIn, pod);
    const asked = path.join(pod.directory, 'workspace/asked');
    await expect
      .poll(() => readFile(asked, 'utf8').catch(() => null))
      .toBe(`remove pod ${pod.id}\n`);
    expect(standIn.requests.some(({ path }) => path.endsWith('/action'))).toBe(false);
  });
});

/** A folder with a program that is this line of sh, until the end of the test. */
async function openTool(name: string, line: string): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'trainyard-tool-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const tool = path.join(folder, name);
  await writeFile(tool, `#!/bin/sh\n${line}\n`);
  await chmod(tool, 0o755);
  return folder;
}

function ends(pod: Pod): Marker[] {
  const markers = printed(pod).flatMap((line) => markerIn(line, id) ?? []);
  return markers.filter(({ kind }) => kind === 'end');
}

/** The wrapper's last word. */
async function end(standIn: RunPodStandIn, pod: Pod): Promise<Marker | undefined> {
  await standIn.until(() => ends(pod).length > 0);
  return ends(pod)[0];
}
