import type { Curve, CurvePoint } from './curves.ts';

/** A curve as columns: steps that never go down, and a value for each; null where there is none. */
export interface CurveData {
  steps: number[];
  values: (number | null)[];
  smooth: (number | null)[];
  /** The line of each. */
  lines: (number | null)[];
}

/** Sorts a curve's points by step, cuts it where values are not finite, and smooths it by `weight`, from 0 to 1. */
export function curveData(curve: Curve, weight: number): CurveData {
  const all: (CurvePoint | { step: number; value: null; line: number | null })[] = [
    ...curve.points,
    ...curve.notFinite.map(({ step, line }) => ({ step, value: null, line })),
  ];
  // A job that begins again at an earlier step prints some steps twice. Their order in the log stays.
  const isSorted = all.every(({ step }, index) => step >= (all[index - 1]?.step ?? step));
  if (!isSorted) all.sort((a, b) => a.step - b.step);
  const values = all.map(({ value }) => value);
  return {
    steps: all.map(({ step }) => step),
    values,
    smooth: weight === 0 ? values : smoothed(values, weight),
    lines: all.map(({ line }) => line),
  };
}

/** An exponential moving average that does not lean to zero at its beginning. */
function smoothed(values: readonly (number | null)[], weight: number): (number | null)[] {
  let sum = 0;
  let norm = 0;
  return values.map((value) => {
    if (value === null) return null;
    sum = sum * weight + value * (1 - weight);
    norm = norm * weight + (1 - weight);
    return sum / norm;
  });
}
