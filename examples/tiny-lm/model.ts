import {
  add,
  addOuter,
  affine,
  scale,
  softmax,
  tanh,
  tanhBackward,
  transposed,
} from './algebra.ts';

export interface Shape {
  /** Different characters. */
  vocabulary: number;
  /** Characters looked back at. */
  context: number;
  /** Numbers that stand for one character. */
  embedding: number;
  hidden: number;
}

/** What to learn from: for each position the characters before it, and the one that really came. */
export interface Batch {
  /** `context` characters for each target. */
  contexts: Uint8Array;
  targets: Uint8Array;
}

/**
 * A neural language model after Bengio et al. (2003): it looks at the last few characters and says
 * how likely each character is to come next.
 *
 *     x = the embeddings of the context's characters, side by side
 *     h = tanh(W1 x + b1)
 *     p = softmax(W2 h + b2)
 */
export class Model {
  readonly shape: Shape;
  /** Every parameter in one array, so that an optimizer needs to know nothing of layers. */
  readonly parameters: Float32Array;
  readonly #layers: Layers;
  readonly #x: Float64Array;
  readonly #h: Float64Array;
  readonly #p: Float64Array;
  readonly #dx: Float64Array;
  readonly #dh: Float64Array;

  /** Starts with small random weights, scaled so that no layer is saturated. */
  constructor(shape: Shape, random: () => number) {
    const { vocabulary, context, embedding, hidden } = shape;
    this.shape = shape;
    this.parameters = new Float32Array(
      vocabulary * embedding + hidden * (context * embedding + 1) + vocabulary * (hidden + 1),
    );
    this.#layers = layersOf(this.parameters, shape);
    this.#x = new Float64Array(context * embedding);
    this.#h = new Float64Array(hidden);
    this.#p = new Float64Array(vocabulary);
    this.#dx = new Float64Array(context * embedding);
    this.#dh = new Float64Array(hidden);

    const { embeddings, w1, w2 } = this.#layers;
    randomize(embeddings, 1, random);
    randomize(w1, 1 / Math.sqrt(this.#x.length), random);
    randomize(w2, 0.1 / Math.sqrt(hidden), random);
  }

  /** How likely each character is to come after this context; valid until the next call. */
  predict(context: Uint8Array): Float64Array {
    const { embeddings, w1, b1, w2, b2 } = this.#layers;
    const size = this.shape.embedding;
    for (let i = 0; i < context.length; i++) {
      const from = (context[i] ?? 0) * size;
      this.#x.set(embeddings.subarray(from, from + size), i * size);
    }
    affine(this.#h, w1, this.#x, b1);
    tanh(this.#h);
    affine(this.#p, w2, this.#h, b2);
    softmax(this.#p);
    return this.#p;
  }

  /**
   * The mean loss of a batch: minus the logarithm of the probability that was given to the character
   * that came, so `ln(vocabulary)` for a model that only guesses. A `gradient`, as long as the
   * parameters, is overwritten with the derivative of that loss by each parameter.
   */
  loss(batch: Batch, gradient?: Float32Array): number {
    const { context } = this.shape;
    const layers = gradient === undefined ? null : layersOf(gradient.fill(0), this.shape);
    let loss = 0;
    batch.targets.forEach((target, at) => {
      const characters = batch.contexts.subarray(at * context, (at + 1) * context);
      loss -= Math.log(this.predict(characters)[target] ?? 0);
      if (layers !== null) this.#addGradient(layers, characters, target);
    });
    if (gradient !== undefined) scale(gradient, 1 / batch.targets.length);
    return loss / batch.targets.length;
  }

  /** Goes the way of `predict` backwards, from the error of its output to each parameter's share in it. */
  #addGradient(gradient: Layers, context: Uint8Array, target: number): void {
    const dz = this.#p; // softmax and logarithm together: p, less 1 for the character that came
    dz[target] = (dz[target] ?? 0) - 1;
    addOuter(gradient.w2, dz, this.#h);
    add(gradient.b2, dz);

    transposed(this.#dh, this.#layers.w2, dz);
    tanhBackward(this.#dh, this.#h);
    addOuter(gradient.w1, this.#dh, this.#x);
    add(gradient.b1, this.#dh);

    transposed(this.#dx, this.#layers.w1, this.#dh);
    const size = this.shape.embedding;
    for (let i = 0; i < context.length; i++) {
      const error = this.#dx.subarray(i * size, (i + 1) * size);
      add(gradient.embeddings, error, (context[i] ?? 0) * size);
    }
  }
}

interface Layers {
  embeddings: Float32Array;
  w1: Float32Array;
  b1: Float32Array;
  w2: Float32Array;
  b2: Float32Array;
}

/** The layers as views of one array. */
function layersOf(values: Float32Array, shape: Shape): Layers {
  const { vocabulary, context, embedding, hidden } = shape;
  let at = 0;
  const take = (count: number) => {
    at += count;
    return values.subarray(at - count, at);
  };
  return {
    embeddings: take(vocabulary * embedding),
    w1: take(hidden * context * embedding),
    b1: take(hidden),
    w2: take(vocabulary * hidden),
    b2: take(vocabulary),
  };
}

function randomize(weights: Float32Array, spread: number, random: () => number): void {
  for (let i = 0; i < weights.length; i++) weights[i] = (2 * random() - 1) * spread;
}
