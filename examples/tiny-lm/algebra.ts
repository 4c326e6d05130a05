/**
 * The few operations that a small network is made of. A matrix is stored row by row: `weights` of
 * `out.length` rows and `x.length` columns. (`?? 0` never applies: it tells the compiler what the
 * sizes already say.)
 */

/** out = weights x + bias */
export function affine(
  out: Float64Array,
  weights: Float32Array,
  x: Float64Array,
  bias: Float32Array,
) {
  const columns = x.length;
  for (let row = 0, at = 0; row < out.length; row++) {
    let sum = bias[row] ?? 0;
    for (let column = 0; column < columns; column++, at++) {
      sum += (weights[at] ?? 0) * (x[column] ?? 0);
    }
    out[row] = sum;
  }
}

/** out = weightsᵀ d: how much each input had to do with the error `d` of the outputs. */
export function transposed(out: Float64Array, weights: Float32Array, d: Float64Array) {
  const columns = out.length;
  out.fill(0);
  for (let row = 0, at = 0; row < d.length; row++) {
    const error = d[row] ?? 0;
    for (let column = 0; column < columns; column++, at++) {
      out[column] = (out[column] ?? 0) + error * (weights[at] ?? 0);
    }
  }
}

/** weights += d xᵀ: the gradient of `affine` by its weights. */
export function addOuter(weights: Float32Array, d: Float64Array, x: Float64Array) {
  const columns = x.length;
  for (let row = 0, at = 0; row < d.length; row++) {
    const error = d[row] ?? 0;
    for (let column = 0; column < columns; column++, at++) {
      weights[at] = (weights[at] ?? 0) + error * (x[column] ?? 0);
    }
  }
}

/** to[start + i] += from[i] */
export function add(to: Float32Array, from: Float64Array, start = 0) {
  for (let i = 0; i < from.length; i++) to[start + i] = (to[start + i] ?? 0) + (from[i] ?? 0);
}

export function tanh(values: Float64Array) {
  for (let i = 0; i < values.length; i++) values[i] = Math.tanh(values[i] ?? 0);
}

/** Turns an error of tanh's output into one of its input, by tanh′ = 1 − tanh². */
export function tanhBackward(d: Float64Array, output: Float64Array) {
  for (let i = 0; i < d.length; i++) d[i] = (d[i] ?? 0) * (1 - (output[i] ?? 0) ** 2);
}

/** Turns any numbers into probabilities; the largest is taken off first, so that no `exp` overflows. */
export function softmax(values: Float64Array) {
  let largest = Number.NEGATIVE_INFINITY;
  for (const value of values) largest = Math.max(largest, value);
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    const weight = Math.exp((values[i] ?? 0) - largest);
    values[i] = weight;
    sum += weight;
  }
  for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? 0) / sum;
}

export function scale(values: Float32Array, factor: number) {
  for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? 0) * factor;
}

/** The length of a vector. */
export function norm(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return Math.sqrt(sum);
}
