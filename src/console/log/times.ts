import type { Line } from './rows.ts';

export type TimeColumn = 'off' | 'local' | 'utc' | 'relative';

export function parseTimeColumn(text: string | null): TimeColumn {
  return text === 'local' || text === 'utc' || text === 'relative' ? text : 'off';
}

/** What the choice says; the zone of this browser has its name. */
export function timeColumns(): readonly { value: TimeColumn; title: string }[] {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return [
    { value: 'off', title: 'No times' },
    { value: 'local', title: `Local time (${zone})` },
    { value: 'utc', title: 'UTC' },
    { value: 'relative', title: 'Since the start' },
  ];
}

/** What the column says of a line; null for no column. All of one kind are equally wide. */
export function timeTeller(column: TimeColumn, start: string): ((line: Line) => string) | null {
  if (column === 'off') return null;
  if (column === 'utc') return ({ time }) => time.slice(5, 23).replace('T', ' ');
  if (column === 'relative') {
    const from = Date.parse(start);
    return ({ time }) => elapsed(Date.parse(time) - from);
  }
  return ({ time }) => {
    const date = new Date(time);
    const day = `${two(date.getMonth() + 1)}-${two(date.getDate())}`;
    const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
    return `${day} ${clock}.${String(date.getMilliseconds()).padStart(3, '0')}`;
  };
}

/** `+1:02:03.456`. */
function elapsed(ms: number): string {
  const whole = Math.abs(Math.round(ms));
  const seconds = Math.floor(whole / 1000);
  const clock = `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return `${ms < 0 ? '-' : '+'}${clock}.${String(whole % 1000).padStart(3, '0')}`.padStart(13);
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}
