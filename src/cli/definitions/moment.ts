import { InvalidArgumentError } from 'commander';

const unitMs = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** Times that no JavaScript date can hold are refused with the same words. */
const refusal =
  'It must be a time ago, such as 90s, 30m, 1h30m or 2d, or an ISO time, such as 2026-01-31T14:00 (local) or 2026-01-31T14:00Z.';

/** Parses a moment: so long ago, or an ISO date or time, which is local where it names no zone. */
export function moment(value: string): Date {
  const date = agoOf(value) ?? isoOf(value);
  if (date !== null && !Number.isNaN(date.getTime())) return date;
  throw new InvalidArgumentError(refusal);
}

function agoOf(value: string): Date | null {
  if (!/^(?:\d+(?:\.\d+)?[smhdw])+$/.test(value)) return null;
  let ms = 0;
  for (const [, count, unit] of value.matchAll(/([\d.]+)([smhdw])/g)) {
    ms += Number(count) * unitMs[unit as keyof typeof unitMs];
  }
  return new Date(Date.now() - ms);
}

function isoOf(value: string): Date | null {
  const [, day, time] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?))?$/i.exec(
      value,
    ) ?? [];
  // JavaScript takes a date alone for one in UTC, and a time without a zone for a local one.
  return day === undefined ? null : new Date(`${day}T${time ?? '00:00'}`);
}
