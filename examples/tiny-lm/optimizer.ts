import { norm, scale } from './algebra.ts';

/** A larger gradient is shortened to this length, so that one odd batch cannot undo the others. */
const maxNorm = 1;

const decay1 = 0.9;
const decay2 = 0.999;
const tiny = 1e-8;

/**
 * Adam (Kingma and Ba, 2015): every parameter goes against the running mean of its gradient, the
 * more boldly the steadier that is.
 */
export class Adam {
  readonly #mean: Float32Array;
  readonly #square: Float32Array;
  #steps = 0;

  constructor(parameterCount: number) {
    this.#mean = new Float32Array(parameterCount);
    this.#square = new Float32Array(parameterCount);
  }

  /** Moves the parameters by one step; the length that the gradient had, before it was shortened. */
  step(parameters: Float32Array, gradient: Float32Array, learningRate: number): number {
    const length = norm(gradient);
    if (length > maxNorm) scale(gradient, maxNorm / length);

    this.#steps++;
    // The running means start at 0 and are too small for a while.
    const missing1 = 1 - decay1 ** this.#steps;
    const missing2 = 1 - decay2 ** this.#steps;
    for (let i = 0; i < parameters.length; i++) {
      const slope = gradient[i] ?? 0;
      const mean = decay1 * (this.#mean[i] ?? 0) + (1 - decay1) * slope;
      const square = decay2 * (this.#square[i] ?? 0) + (1 - decay2) * slope * slope;
      this.#mean[i] = mean;
      this.#square[i] = square;
      const move = mean / missing1 / (Math.sqrt(square / missing2) + tiny);
      parameters[i] = (parameters[i] ?? 0) - learningRate * move;
    }
    return length;
  }
}

/** Falls in a straight line from the first step's rate to 0 after the last one. */
export function learningRateAt(step: number, options: { steps: number; initial: number }): number {
  return options.initial * Math.max(0, 1 - step / options.steps);
}
