import type { LevelReader } from './stated.ts';

/** Python's warnings, behind their place: `train.py:12: FutureWarning: …`. */
export const pythonWarning: LevelReader = (line) => {
  const match = warning.exec(line);
  return match && { at: match.index, level: 'WARNING' };
};

const warning = /\b[A-Z][A-Za-z]*Warning: /;
