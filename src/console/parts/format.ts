/** `48 s`, `12 min`, `3 h 20 min`, `2 days`: what a person would say. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.round(hours / 24)} days`;
}

/** A metric's value, in as many digits as it is told by. */
export function value(number: number): string {
  const size = Math.abs(number);
  if (size !== 0 && (size < 0.001 || size >= 1e7)) return number.toExponential(2);
  if (Number.isInteger(number)) return count(number);
  return size < 10 ? number.toFixed(4) : number.toFixed(2);
}

const counts = new Intl.NumberFormat('en');

/** `2,000,000`. */
export function count(number: number): string {
  return counts.format(number);
}

export function money(amount: number, currency: string): string {
  return new Intl.NumberFormat('en', { style: 'currency', currency }).format(amount);
}

/** `12 B`, `3.4 MB`, in powers of 1000. */
export function bytes(number: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = number < 1000 ? 0 : Math.min(4, Math.floor(Math.log10(number) / 3));
  return `${(number / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}

/** `1 line`, `2 lines`. */
export function plural(number: number, noun: string): string {
  return `${count(number)} ${noun}${number === 1 ? '' : 's'}`;
}

/** A moment in full, with the zone of this browser. */
export function moment(time: string): string {
  return new Date(time).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'long' });
}
