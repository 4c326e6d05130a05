import type { LogLevel } from '../../core/log.ts';

/** A level that a line states, and where: what stands further to the left counts. */
export interface StatedLevel {
  at: number;
  level: LogLevel;
}

/** Looks for one way of stating a level at the beginning of a line without colours. */
export type LevelReader = (line: string) => StatedLevel | null;

/** The level that a word or a number of a logger means, in any case; null for any other. */
export function levelNamed(name: string): LogLevel | null {
  return levels.get(name.toLowerCase()) ?? null;
}

/** A reader of one expression, whose first group that matched names the level. */
export function reads(expression: RegExp): LevelReader {
  return (line) => {
    const match = expression.exec(line);
    const name = match?.slice(1).find((group) => group !== undefined);
    const level = name === undefined ? null : levelNamed(name);
    return match && level ? { at: match.index, level } : null;
  };
}

const names = {
  DEBUG: 'trace trac trc debug debu dbg verbose fine finer finest d t v 10 20',
  INFO: 'info inf information notice success config default i 30',
  WARNING: 'warn warning wrn w 40',
  ERROR:
    'error eror erro err err! severe exception critical crit fatal fata ftl alert emerg emergency panic pani dpanic pnc e f c 50 60',
} as const satisfies Record<LogLevel, string>;

const levels = new Map<string, LogLevel>(
  (['DEBUG', 'INFO', 'WARNING', 'ERROR'] as const).flatMap((level) =>
    names[level].split(' ').map((name) => [name, level] as const),
  ),
);
