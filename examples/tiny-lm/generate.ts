import { type Dataset, edge } from './data.ts';
import type { Model } from './model.ts';

const maxLength = 40;
/** Below 1 the likely becomes likelier, and the words tamer. */
const temperature = 0.8;

/** Up to `count` samples of the model's own making, none of which is in the data set. */
export function invent(
  model: Model,
  dataset: Dataset,
  { count, random }: { count: number; random: () => number },
): string[] {
  const decode = (sample: Iterable<number>) =>
    Array.from(sample, (place) => dataset.alphabet[place] ?? '').join('');
  const known = new Set(dataset.samples.map(decode));
  const invented = new Set<string>();
  for (let tries = 0; invented.size < count && tries < 20 * count; tries++) {
    const sample = decode(generate(model, random));
    if (sample !== '' && !known.has(sample)) invented.add(sample);
  }
  return [...invented];
}

/** One character after the other, each drawn by its probability, up to the edge. */
function* generate(model: Model, random: () => number): Generator<number> {
  const context = new Uint8Array(model.shape.context).fill(edge);
  for (let length = 0; length < maxLength; length++) {
    const next = draw(model.predict(context), random);
    if (next === edge) return;
    yield next;
    context.copyWithin(0, 1);
    context[context.length - 1] = next;
  }
}

function draw(probabilities: Float64Array, random: () => number): number {
  const weights = probabilities.map((probability) => probability ** (1 / temperature));
  let left = random() * weights.reduce((sum, weight) => sum + weight, 0);
  const place = weights.findIndex((weight) => {
    left -= weight;
    return left < 0;
  });
  return Math.max(place, edge);
}
