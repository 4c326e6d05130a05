import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { batchOf } from '../../examples/tiny-lm/batches.ts';
import { parseConfig } from '../../examples/tiny-lm/config.ts';
import { Model } from '../../examples/tiny-lm/model.ts';
import { createRandom } from '../../examples/tiny-lm/random.ts';
import { MetricsReader } from '../../src/lines/metrics.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tiny-lm-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Starts the recipe as a job would be started, in a folder of its own. */
async function start(config: Record<string, unknown>, dataset = '') {
  const configPath = join(folder, 'config.json');
  await writeFile(configPath, JSON.stringify(config));
  const child = spawn(process.execPath, ['examples/tiny-lm/train.ts'], {
    env: {
      JOB_CONFIG: configPath,
      JOB_OUTPUT_DIR: folder,
      JOB_DATASET: dataset,
      JOB_MODEL: 'demo',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = Promise.all([once(child, 'exit'), text(child.stdout), text(child.stderr)]).then(
    ([[code], stdout, stderr]) => ({ code, stdout, stderr, lines: stdout.trim().split('\n') }),
  );
  return { child, ended };
}

async function run(config: Record<string, unknown>, dataset?: string) {
  return (await start(config, dataset)).ended;
}

function series(lines: readonly string[], name: string) {
  const reader = new MetricsReader();
  const points = lines.flatMap((line) => reader.read(line, 0, 0));
  return points.filter((point) => point.name === name);
}

it('warns of a setting that it does not know, and trains without it', async () => {
  const { code, stderr } = await run({ steps: 1, stpes: 500 });
  expect({ code, stderr }).toEqual({
    code: 0,
    stderr: expect.stringMatching(
      /^Warning: stpes of the config is not known here; known: seed, .*steps/,
    ),
  });
});

describe('the model', () => {
  it('has the gradient that small changes of its parameters show', () => {
    const random = createRandom(7);
    const model = new Model({ vocabulary: 6, context: 3, embedding: 4, hidden: 5 }, random);
    const batch = batchOf([Uint8Array.of(1, 2, 3, 1), Uint8Array.of(5, 4)], 3);
    const gradient = new Float32Array(model.parameters.length);
    model.loss(batch, gradient);

    const lossAt = (place: number, value: number) => {
      const kept = model.parameters[place] ?? 0;
      model.parameters[place] = value;
      const change = { at: model.parameters[place] ?? 0, loss: model.loss(batch) };
      model.parameters[place] = kept;
      return change;
    };
    expect(gradient.some((slope) => Math.abs(slope) > 0.01)).toBe(true);
    gradient.forEach((slope, place) => {
      const value = model.parameters[place] ?? 0;
      const [below, above] = [lossAt(place, value - 1e-3), lossAt(place, value + 1e-3)];
      expect((above.loss - below.loss) / (above.at - below.at)).toBeCloseTo(slope, 5);
    });
  });

  it('gives every character a probability, all together 1', () => {
    const model = new Model(
      { vocabulary: 6, context: 3, embedding: 4, hidden: 5 },
      createRandom(1),
    );
    const sum = model.predict(Uint8Array.of(0, 1, 5)).reduce((total, p) => total + p, 0);
    expect(sum).toBeCloseTo(1, 12);
  });
});

describe('the recipe', () => {
  it('learns: the loss falls, and takes exactly the steps asked for', async () => {
    const { code, lines, stderr } = await run({ steps: 300, logging_steps: 50, save_steps: 200 });
    expect(code).toBe(0);
    const losses = series(lines, 'loss');
    expect(losses.map(({ step }) => step)).toEqual([50, 100, 150, 200, 250, 300]);
    const [first, last] = [losses[0]?.value ?? 0, losses.at(-1)?.value ?? 0];
    expect(first).toBeLessThan(Math.log(27) + 0.01);
    expect(last).toBeLessThan(first - 0.2);
    expect(series(lines, 'eval_loss')).toHaveLength(1);
    expect(stderr).toMatch(/\| 0\/300 \[00:00<\?, \?it\/s\]\r/);
    expect(stderr).toMatch(/\r100%\|██████████\| 300\/300 \[[^\r\n]*\]\n$/);
    expect(await readdir(folder)).toEqual(['checkpoint-200', 'checkpoint-300', 'config.json']);
    const saved = await readFile(join(folder, 'checkpoint-300', 'config.json'), 'utf8');
    expect(JSON.parse(saved)).toMatchObject({ name: 'demo', step: 300 });
  });

  it('does the same again with the same seed, and something else with another', async () => {
    const dataset = join(folder, 'words.txt');
    const words = Array.from({ length: 200 }, (_, i) => (i * 7919).toString(26));
    await writeFile(dataset, words.join('\n'));
    const outcome = async (seed: number) => {
      const { lines } = await run({ steps: 40, logging_steps: 10, seed }, dataset);
      return lines.filter((line) => /^(?:\{'(?:eval_)?loss|It makes up)/.test(line));
    };
    const first = await outcome(1);
    expect(first).toHaveLength(8);
    expect(await outcome(1)).toEqual(first);
    expect(await outcome(2)).not.toEqual(first);
  });

  it("learns from a file's lines, in epochs", async () => {
    const dataset = join(folder, 'lines.txt');
    await writeFile(dataset, 'to be or not to be\n\nthat is the question 🙂\nwhether\n');
    const { code, lines } = await run({ epochs: 5, batch_size: 2, logging_steps: 1 }, dataset);
    expect(code).toBe(0);
    expect(lines).toContain('  Num examples = 3');
    expect(series(lines, 'loss')).toHaveLength(10);
    expect(lines.some((line) => /'epoch': 5\.0/.test(line))).toBe(true);
  });

  it('saves what it has and exits with 143 on SIGTERM', async () => {
    // Lines come so often that the bar is never drawn for its own sake.
    const { child, ended } = await start({
      steps: 1_000_000,
      save_steps: 1_000_000,
      logging_steps: 5,
    });
    await new Promise<void>((resolve) => {
      child.stderr.on('data', (chunk) => {
        if (/ [1-9]\d*\/1000000 /.test(String(chunk))) resolve();
      });
    });
    child.kill('SIGTERM');
    const { code, lines } = await ended;
    expect(code).toBe(143);
    const step = /^Stopped after step (\d+)$/.exec(lines.at(-1) ?? '')?.[1];
    expect(await readdir(folder)).toContain(`checkpoint-${step}`);
  });

  it.each([
    [{ learning_rate: -1 }, '', 'learning_rate must be a number from 1e-9 to 1, not -1'],
    [{ steps: 1.5 }, '', 'steps must be a whole number from 1 to 10000000, not 1.5'],
    [{}, '/nowhere/words.txt', 'the data set cannot be read: /nowhere/words.txt'],
  ])('refuses %j with %j', async (config, dataset, message) => {
    const { code, stderr } = await run(config, dataset);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Error: /);
    expect(stderr).toContain(message);
  });
});

describe('its config', () => {
  it('has defaults, and ignores what it does not know', () => {
    expect(parseConfig({ lora_r: 8, steps: null })).toMatchObject({
      seed: 42,
      epochs: 12,
      steps: null,
    });
  });

  it.each([
    [[1], 'JSON object'],
    [{ epochs: 0 }, 'epochs'],
    [{ batch_size: '8' }, 'batch_size'],
    [{ learning_rate: Number.NaN }, 'learning_rate'],
  ])('refuses %j', (config, message) => {
    expect(() => parseConfig(config)).toThrow(message);
  });
});
