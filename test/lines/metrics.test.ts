import { describe, expect, it } from 'vitest';
import { MetricsReader } from '../../src/lines/metrics.ts';

const bar = (step: number, total: number, postfix = '') =>
  `${String(Math.floor((100 * step) / total)).padStart(3)}%|███▌      | ${step}/${total} [00:10<01:30,  3.00it/s${postfix}]`;

/** The points of these lines as `name@step=value`, and the progress after them. */
function readAll(...lines: string[]) {
  const reader = new MetricsReader();
  const points = lines.flatMap((line) => reader.read(line, 1000, 0));
  return {
    points: points.map(({ name, step, value }) => `${name}@${step}=${value}`),
    progress: reader.progress,
  };
}

describe('one line', () => {
  const understood: [title: string, line: string, points: string[]][] = [
    [
      'a dictionary of Hugging Face',
      "{'loss': 2.31, 'grad_norm': 0.9, 'learning_rate': 5e-05, 'epoch': 0.03}",
      ['loss@1=2.31', 'grad_norm@1=0.9', 'learning_rate@1=0.00005'],
    ],
    [
      'its newer form with quoted numbers',
      "{'loss': '2.31', 'learning_rate': '5e-05', 'epoch': '0.03'}",
      ['loss@1=2.31', 'learning_rate@1=0.00005'],
    ],
    [
      'a dictionary of Hugging Face whose epoch is rounded to 0',
      "{'loss': 2.31, 'grad_norm': 0.9, 'epoch': 0.0}",
      ['loss@1=2.31', 'grad_norm@1=0.9'],
    ],
    [
      'one whose epoch is whole after a restart',
      "{'loss': '2.31', 'grad_norm': '0.9', 'epoch': '2'}",
      ['loss@1=2.31', 'grad_norm@1=0.9'],
    ],
    ['an object that counts epochs', '{"epoch": 0, "loss": 2.31}', ['loss@0=2.31']],
    [
      'nan and inf as what they are',
      "{'loss': nan, 'grad_norm': inf, 'kl': -Infinity, 'entropy': 1.5, 'epoch': 1}",
      ['loss@1=NaN', 'grad_norm@1=Infinity', 'kl@1=-Infinity', 'entropy@1=1.5'],
    ],
    [
      'keys with spaces',
      "{'loss': 1.5, 'memory/max_active (GiB)': 3.2}",
      ['loss@1=1.5', 'memory/max_active (GiB)@1=3.2'],
    ],
    ['a dictionary behind a prefix', "[rank0]: {'loss': 1.5, 'epoch': 0.1}", ['loss@1=1.5']],
    [
      'a JSON object',
      '{"step": 10, "loss": 0.5, "note": "x", "nested": {"a": 1}}',
      ['loss@10=0.5'],
    ],
    [
      'NaN in JSON',
      '{"step": 11, "loss": NaN, "kl": -Infinity, "lr": 1e-4, "note": "NaN \\" NaN"}',
      ['loss@11=NaN', 'kl@11=-Infinity', 'lr@11=0.0001'],
    ],
    ['key=value', 'step=10 loss=0.5 lr=1e-3', ['loss@10=0.5', 'lr@10=0.001']],
    ['key: value', 'global_step: 7, loss: -0.25', ['loss@7=-0.25']],
    ['an epoch', 'Epoch 3/10 - loss: 0.4 - val_loss: 0.5', ['loss@3=0.4', 'val_loss@3=0.5']],
    [
      'spoken',
      'step 250: train loss 2.1, val loss 2.3',
      ['train_loss@250=2.1', 'val_loss@250=2.3'],
    ],
    ['nanoGPT', 'iter 250: loss 2.4, time 23.4ms, mfu 1.2%', ['loss@250=2.4', 'mfu@250=1.2']],
    ['colours', '\u001b[32mstep\u001b[0m=10 loss=\u001b[1m0.5\u001b[0m', ['loss@10=0.5']],
    ['a timestamp before', '2026-01-01 12:00:00,123 INFO step=3 loss=0.5', ['loss@3=0.5']],
    [
      'a bar with a loss',
      `${bar(30, 300, ', loss=2.3, lr=1e-4')}\r`,
      ['loss@30=2.3', 'lr@30=0.0001'],
    ],
    ['a bar and a dictionary on one line', `${bar(30, 300)}{'loss': 2.3}`, ['loss@30=2.3']],
  ];
  it.each(understood)('understands %s', (_, line, points) => {
    expect(readAll(line).points).toEqual(points);
  });

  it.each([
    'INFO: connected to host: 10.0.0.1',
    'INFO: listening on port: 8080',
    'https://example.org/step=4?loss=1.0',
    '2026-01-01T12:00:00Z step 5: connecting to localhost:8080 at 12:30:45',
    'Step 1/5 : FROM python:3.12',
    'TrainingArguments(logging_steps=10, save_steps=5)',
    'the next step: 10.0.0.1',
    '{"level":30,"time":1700000000,"pid":1,"msg":"took a step"}',
    "{'city': 'Berlin', 'population': 3.6}",
    '{"step": ',
    "{'loss'}",
    '5ms/step - accuracy: high',
    'Map: 100%|██████████| 1000/1000 [00:01<00:00, 900.00 examples/s, loss=1.0]',
    `step=1 loss=0.5 ${'x'.repeat(4096)}`,
    '',
  ])('finds no metric in %j', (line) => {
    expect(readAll(line).points).toEqual([]);
    expect(readAll(line).progress.step).toBeNull();
  });
});

describe('progress', () => {
  it('comes from a bar', () => {
    const { progress } = readAll(bar(30, 300));
    expect(progress).toMatchObject({
      step: 30,
      totalSteps: 300,
      percent: 10,
      secondsRemaining: 90,
    });
  });

  it.each([
    ['  0%|          | 0/300 [00:00<?, ?it/s]', null],
    ['  0%|          | 1/300 [00:02<11:02:05,  2.0s/it]\r', 39725],
    ['100%|##########| 300/300 [00:02<00:00,  2.0s/it]', 0],
    [' 10%|█         | 30/300 [00:10<01:30,  3.00it/s, los', 90],
  ])('reads the time left in %j', (line, seconds) => {
    expect(readAll(line).progress.secondsRemaining).toBe(seconds);
    expect(readAll(line).progress.totalSteps).toBe(300);
  });

  it('takes loss, learning rate and epoch from a dictionary', () => {
    const { progress } = readAll("{'loss': 2.31, 'learning_rate': 5e-05, 'epoch': 0.03}");
    expect(progress).toMatchObject({ loss: 2.31, learningRate: 5e-5, epoch: 0.03, step: null });
  });

  it('takes the totals from the announcement of a run', () => {
    const { progress } = readAll(
      '***** Running training *****',
      '  Num Epochs = 3',
      '  Total optimization steps = 1,500',
    );
    expect(progress).toMatchObject({ totalEpochs: 3, totalSteps: 1500 });
  });

  it('goes by epochs where nobody counts steps', () => {
    const begun = { epoch: 3, totalEpochs: 10, percent: 20 };
    expect(readAll('Epoch 3/10', 'loss: 0.5').progress).toMatchObject(begun);
    expect(readAll('Epoch 3/10 - loss: 0.5').progress).toMatchObject({ ...begun, percent: 30 });
  });

  it('counts on over bars that run once an epoch', () => {
    const { points, progress } = readAll(
      `Epoch 1/3: ${bar(50, 100, ', loss=2.0')}`,
      `Epoch 2/3: ${bar(50, 100, ', loss=1.0')}`,
      `Validation Epoch 2/3: ${bar(1, 10)}`,
    );
    expect(points).toEqual(['loss@50=2', 'loss@150=1']);
    expect(progress).toMatchObject({ step: 150, totalSteps: 300, percent: 50, epoch: 2 });
  });
});

describe('the step of a dictionary', () => {
  it('is that of the bar', () => {
    const { points } = readAll(bar(30, 300), "{'loss': 2.5}", bar(40, 300), "{'loss': 2.4}");
    expect(points).toEqual(['loss@30=2.5', 'loss@40=2.4']);
  });

  it('is counted where there is no bar, from 1 in every run', () => {
    const { points } = readAll(
      "{'loss': 3}",
      "{'loss': 2}",
      "{'eval_loss': 2.5}",
      '***** Running training *****',
      "{'loss': 1}",
    );
    expect(points).toEqual(['loss@1=3', 'loss@2=2', 'eval_loss@2=2.5', 'loss@1=1']);
  });

  it('differs from that of the loss before, even if the bar did not move', () => {
    const { points } = readAll(bar(30, 300), "{'loss': 2}", "{'loss': 1}", "{'eval_loss': 3}");
    expect(points).toEqual(['loss@30=2', 'loss@31=1', 'eval_loss@31=3']);
  });

  it('keeps the mean of a whole run out of the current loss', () => {
    const { points, progress } = readAll(
      bar(300, 300),
      "{'loss': 1}",
      "{'train_runtime': 9.5, 'train_samples_per_second': 30, 'train_loss': 2.5}",
    );
    expect(points).toEqual(['loss@300=1', 'train_samples_per_second@300=30', 'train_loss@300=2.5']);
    expect(progress.loss).toBe(1);
  });
});

describe("the training's bar among others", () => {
  it('is not a described one', () => {
    const { progress } = readAll(
      `Downloading shards: ${bar(5, 10)}`,
      `Map: ${bar(1000, 1000)}`,
      'model.safetensors:  45%|████▌     | 450M/1.00G [00:10<00:12, 45.0MB/s]',
    );
    expect(progress.totalSteps).toBeNull();
  });

  it('may be described as training', () => {
    expect(readAll(`Training: ${bar(5, 10)}`).progress.step).toBe(5);
  });

  it('replaces an earlier one without a loss', () => {
    const { progress } = readAll(bar(500, 1000), bar(3, 300));
    expect(progress).toMatchObject({ step: 3, totalSteps: 300 });
  });

  it('is not replaced by an evaluation', () => {
    const { points, progress } = readAll(
      bar(10, 300),
      "{'loss': 2}",
      bar(5, 50),
      bar(50, 50),
      "{'eval_loss': 3}",
    );
    expect(points).toEqual(['loss@10=2', 'eval_loss@10=3']);
    expect(progress).toMatchObject({ step: 10, totalSteps: 300 });
  });

  it('is another one once a loss is reported beside that', () => {
    const { points, progress } = readAll(
      bar(9, 10),
      "{'loss': 2}",
      bar(1, 300),
      "{'loss': 1}",
      bar(2, 300),
    );
    expect(points).toEqual(['loss@9=2', 'loss@1=1']);
    expect(progress).toMatchObject({ step: 2, totalSteps: 300, loss: 1 });
  });

  it('has the announced total', () => {
    const { progress } = readAll(
      '  Total optimization steps = 300',
      bar(5, 50),
      bar(3, 300),
      bar(6, 50),
    );
    expect(progress).toMatchObject({ step: 3, totalSteps: 300 });
  });
});

describe('numbers beyond what the graph can say', () => {
  it('make no step and no total', () => {
    expect(readAll('{"epoch": 3000000000, "loss": 1}').points).toEqual(['loss@1=1']);
    expect(readAll('  Total optimization steps = 9,999,999,999').progress.totalSteps).toBeNull();
  });
});

describe('state', () => {
  it('lets another reader go on', () => {
    const first = new MetricsReader();
    for (const line of [bar(30, 300), "{'loss': 2}"]) first.read(line, 1, 7);
    const second = new MetricsReader(first.state());
    expect(second.progress).toEqual(first.progress);
    expect(second.read("{'loss': 1}", 2, 7)).toEqual([
      { name: 'loss', step: 31, value: 1, time: 2, line: 7 },
    ]);
  });

  it.each([null, '', '{', '{}', '[]', '{"progress":{"step":"x"}}'])(
    'starts afresh from %j',
    (state) => {
      expect(new MetricsReader(state).progress.step).toBeNull();
    },
  );

  it('holds at most 64 names of at most 64 characters', () => {
    const reader = new MetricsReader();
    for (let i = 0; i < 100; i++) reader.read(`step=${i} ${'n'.repeat(60)}${i}=1.5`, 0, 7);
    expect(reader.read(`step=1 ${'n'.repeat(65)}=1.5`, 0, 7)).toEqual([]);
    expect(reader.read('step=1 late=1.5', 0, 7)).toEqual([]);
    expect(reader.read(`step=1 ${'n'.repeat(60)}5=1.5`, 0, 7)).toHaveLength(1);
    expect(reader.state().length).toBeLessThan(10 * 1024);
  });

  it('gives a copy of the progress', () => {
    const reader = new MetricsReader();
    reader.progress.step = 5;
    expect(reader.progress.step).toBeNull();
  });
});

describe('a loss that is no finite number', () => {
  it('is told as such until the next one', () => {
    const reader = new MetricsReader();
    reader.read("{'loss': 2.0}", 1, 0);
    reader.read("{'loss': nan}", 1, 1);
    expect(reader.progress).toMatchObject({ loss: null, lossNotFinite: 'NAN' });
    expect(new MetricsReader(reader.state()).progress).toEqual(reader.progress);
    reader.read("{'loss': 0.5}", 1, 2);
    expect(reader.progress).toMatchObject({ loss: 0.5, lossNotFinite: null });
  });
});

describe('a value that is told again', () => {
  it('is no second point of its step', () => {
    const { points } = readAll(
      bar(30, 300, ', loss=2.3'),
      bar(30, 300, ', loss=2.3, val_loss=2.5'),
      bar(31, 300, ', loss=2.3'),
    );
    expect(points).toEqual(['loss@30=2.3', 'val_loss@30=2.5', 'loss@31=2.3']);
  });

  it('at no step, by a bar that tells a percentage alone, is progress and no point', () => {
    const { points, progress } = readAll(
      'Training ━━━━ 10% loss=0.5',
      'Training ━━━━ 20% loss=0.4',
    );
    expect(points).toEqual([]);
    expect(progress).toMatchObject({ percent: 20, loss: 0.4, step: null });
  });
});
