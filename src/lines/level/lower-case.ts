import { levelNamed, type StatedLevel } from './stated.ts';

/**
 * A level in lower or title case, set apart by a colon or a bracket: `warning: unused`,
 * `train.py: error: …`, `[info] ready`, structlog's `[error    ]`, zap's tabs, LightGBM's
 * `[Warning]`, Julia's `┌ Error:`, R's `Warning message:`. With a number behind it, it is the name of a metric.
 */
export function lowerCase(line: string): StatedLevel | null {
  const match = words.exec(line);
  const level = levelNamed(match?.[1] ?? '');
  if (match === null || level === null) return null;
  const after = line.slice(match.index + match[0].length);
  return number.test(after) ? null : { at: match.index, level };
}

const words =
  /(?:^(?:[┌[] )?|[\]:|] |\[ ?|\t|^npm )(ERR!|[Tt]race|[Dd]ebug|[Ii]nfo|[Nn]otice|[Ww]arn|[Ww]arning|[Ee]rror|[Cc]ritical|[Ff]atal|[Ee]xception)(?=:(?!:)|(?<=^Warning) messages?:|\[| *\]|\t|(?<=^npm (?:\w+|ERR!)) |(?<=^fatal) error:)/;
const number = /^:\s*(?:[-+]?\d*\.\d|[-+]?\d+\s*(?:$|[,;|%(±]|[\w/]+[:=])|nan\b|inf\b)/i;
