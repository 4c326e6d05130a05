/** `01:30` is 90, `1:00:05` is 3605, `6s` and `6.0s` are 6, `1h02m` and `?` are null. */
export function secondsOf(clock: string | undefined): number | null {
  if (clock === undefined) return null;
  if (usual.test(clock)) return 60 * Number(clock.slice(0, 2)) + Number(clock.slice(3));
  const [, plain] = /^(\d+(?:\.\d+)?)s$/.exec(clock) ?? [];
  if (plain !== undefined) return Number(plain);
  if (!/^\d+(?::\d\d)+$/.test(clock)) return null;
  let seconds = 0;
  for (const part of clock.split(':')) seconds = seconds * 60 + Number(part);
  return seconds;
}

const usual = /^\d\d:\d\d$/;
