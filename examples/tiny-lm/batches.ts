import { edge } from './data.ts';
import type { Batch } from './model.ts';
import { shuffled } from './random.ts';

/** Batches without end: all samples in random order, then all of them in another order. */
export function* batches(
  samples: readonly Uint8Array[],
  options: { size: number; context: number; random: () => number },
): Generator<Batch> {
  for (;;) {
    const order = shuffled(samples.length, options.random);
    for (let at = 0; at < order.length; at += options.size) {
      yield batchOf(pick(samples, order.subarray(at, at + options.size)), options.context);
    }
  }
}

/** Two parts of the samples, by chance: the second holds `share` of them. */
export function split(samples: readonly Uint8Array[], share: number, random: () => number) {
  const order = shuffled(samples.length, random);
  const second = Math.floor(samples.length * share);
  return [pick(samples, order.subarray(second)), pick(samples, order.subarray(0, second))] as const;
}

/** Every position of these samples, the end included, as something to learn from. */
export function batchOf(samples: readonly Uint8Array[], context: number): Batch {
  const count = samples.reduce((sum, sample) => sum + sample.length + 1, 0);
  const contexts = new Uint8Array(count * context);
  const targets = new Uint8Array(count);
  let at = 0;
  for (const sample of samples) {
    const framed = new Uint8Array(context + sample.length + 1).fill(edge);
    framed.set(sample, context);
    for (let next = context; next < framed.length; next++, at++) {
      contexts.set(framed.subarray(next - context, next), at * context);
      targets[at] = framed[next] ?? edge;
    }
  }
  return { contexts, targets };
}

function pick(samples: readonly Uint8Array[], places: Uint32Array): Uint8Array[] {
  return Array.from(places, (place) => samples[place] ?? new Uint8Array());
}
