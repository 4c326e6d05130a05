export const timeFormats = ['local', 'utc', 'relative'] as const;
export type TimeFormat = (typeof timeFormats)[number];

/**
 * A line's time as it is shown before the line: `2026-01-31T13:00:00.000Z`, on the clock of this machine
 * `2026-01-31 14:00:00.000`, or since `start` `+00:12:03.250`. `time` and `start` are texts as the API has them.
 */
export function formatTime(time: string, format: TimeFormat, start: string): string {
  if (format === 'utc') return time;
  if (format === 'relative') return relative(Date.parse(time) - Date.parse(start));
  const date = new Date(time);
  const day = [date.getFullYear(), pad(date.getMonth() + 1), pad(date.getDate())].join('-');
  return `${day} ${clock(date.getHours(), date.getMinutes(), date.getSeconds(), date.getMilliseconds())}`;
}

function relative(ms: number): string {
  const all = Math.abs(ms);
  const seconds = Math.floor(all / 1000);
  const hours = Math.floor(seconds / 3600);
  const sign = ms < 0 ? '-' : '+';
  return sign + clock(hours, Math.floor(seconds / 60) % 60, seconds % 60, all % 1000);
}

function clock(hours: number, minutes: number, seconds: number, ms: number): string {
  return `${pad(hours)}:${pad(minutes)}:${pad(seconds)}.${String(ms).padStart(3, '0')}`;
}

function pad(count: number): string {
  return String(count).padStart(2, '0');
}
