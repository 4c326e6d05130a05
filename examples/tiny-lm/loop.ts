import { setImmediate } from 'node:timers/promises';
import { batches, batchOf, split } from './batches.ts';
import type { Config } from './config.ts';
import type { Model } from './model.ts';
import { Adam, learningRateAt } from './optimizer.ts';
import { ProgressBar } from './progress-bar.ts';
import { reportStart, reportValues } from './report.ts';

/** One sample in a hundred is not learned from: by those one sees whether the model learns or crams. */
const heldOutShare = 0.01;

/** The longest that a signal waits, beside the step at hand. */
const hearingIntervalMs = 100;

export interface Run {
  model: Model;
  samples: readonly Uint8Array[];
  config: Config;
  random: () => number;
  save: (step: number) => Promise<void>;
  /** Stops the run after the step at hand. */
  signal: AbortSignal;
}

/** Trains the model, saves and reports on the way; resolves to the number of steps taken. */
export async function train({
  model,
  samples,
  config,
  random,
  save,
  signal,
}: Run): Promise<number> {
  const [learned, heldOut] = split(samples, heldOutShare, random);
  const stepsPerEpoch = Math.ceil(learned.length / config.batch_size);
  const steps = config.steps ?? config.epochs * stepsPerEpoch;
  reportStart({
    samples: learned.length,
    epochs: Math.ceil(steps / stepsPerEpoch),
    batchSize: config.batch_size,
    steps,
    parameters: model.parameters.length,
  });

  const { context } = model.shape;
  const optimizer = new Adam(model.parameters.length);
  const gradient = new Float32Array(model.parameters.length);
  const report = (values: Record<string, number>) => {
    bar.draw(step);
    reportValues({ ...values, epoch: step / stepsPerEpoch, step });
  };
  const startedAt = performance.now();
  const bar = new ProgressBar(steps);
  bar.draw(0);
  let step = 0;
  let heardAt = startedAt;
  let lossSum = 0;
  let reportedSum = 0;

  for (const batch of batches(learned, { size: config.batch_size, context, random })) {
    const learningRate = learningRateAt(step, { steps, initial: config.learning_rate });
    const loss = model.loss(batch, gradient);
    const gradientNorm = optimizer.step(model.parameters, gradient, learningRate);
    step++;
    lossSum += loss;
    if (!Number.isFinite(loss))
      throw new Error(`the loss is ${loss} at step ${step}: learn slower`);

    if (step % config.logging_steps === 0) {
      const mean = (lossSum - reportedSum) / config.logging_steps;
      report({ loss: mean, grad_norm: gradientNorm, learning_rate: learningRate });
      reportedSum = lossSum;
    }
    const ends = step === steps || signal.aborted;
    if (heldOut.length > 0 && (ends || step % stepsPerEpoch === 0)) {
      report({ eval_loss: model.loss(batchOf(heldOut, context)) });
    }
    if (ends || step % config.save_steps === 0) await save(step);
    if (ends) break;
    bar.update(step);
    if (performance.now() - heardAt >= hearingIntervalMs) {
      await setImmediate(); // lets a signal in
      heardAt = performance.now();
    }
  }

  bar.close(step);
  const seconds = (performance.now() - startedAt) / 1000;
  reportValues({
    train_runtime: seconds,
    train_samples_per_second: (step * config.batch_size) / seconds,
    train_steps_per_second: step / seconds,
    train_loss: lossSum / step,
    epoch: step / stepsPerEpoch,
    step,
  });
  return step;
}
