import { InvalidArgumentError } from 'commander';
import { maxLines } from '../../core/log.ts';

/** A parser for a whole number from `least` to `most`. */
export function wholeNumber(least: number, most = maxLines): (value: string) => number {
  return (value) => {
    const number = value.trim() === '' ? Number.NaN : Number(value);
    if (Number.isInteger(number) && number >= least && number <= most) return number;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}

/** Parses a number above zero. */
export function positiveNumber(value: string): number {
  const number = Number(value);
  if (Number.isFinite(number) && number > 0) return number;
  throw new InvalidArgumentError('It must be a number above 0.');
}

/** A parser for one of these upper-case words, written in any case. */
export function oneOf<Word extends string>(words: readonly Word[]): (value: string) => Word {
  return (value) => {
    const found = words.find((word) => word === value.toUpperCase());
    if (found) return found;
    throw new InvalidArgumentError(`It must be one of ${words.join(', ').toLowerCase()}.`);
  };
}

/** A parser that collects an option that is given several times, or once with commas. */
export function listOf<Item>(parse: (value: string) => Item) {
  return (value: string, before: readonly Item[] = []): Item[] => [
    ...before,
    ...value.split(',').map(parse),
  ];
}

/** Collects an option that is given several times; its values may hold commas. */
export function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

/** The help of an argument that names a job. */
export const jobArgument = 'the job: its id, the beginning of its id, its name, or last';
