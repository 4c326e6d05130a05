import type { LogLevel } from '../../core/log.ts';
import { levelNamed } from './stated.ts';

/**
 * The level of a line in the layout of most loggers: date and time, perhaps a name, the level set
 * apart by dashes, pipes or brackets. Read at once, for most lines of many logs are such; null for any
 * other layout, which the readers tell.
 */
export function usualLevel(line: string): LogLevel | null {
  const name = usual.exec(line)?.[1];
  return name === undefined ? null : levelNamed(name);
}

const usual =
  /^\[?\d{4}[-/]\d\d[-/]\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?\]?(?: - [\w.]{1,60} - | \| | - | )\[?(DEBUG|INFO|WARNING|ERROR|CRITICAL)(?:\] | {1,4}[-|] )/;
