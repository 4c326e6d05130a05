import type { ProgressBar } from './bar.ts';

/** fastText: `Progress:  10.0% words/sec/thread:  123456 lr:  0.045 avg.loss:  2.345 ETA:   0h 1m 3s`. */
export function readFastText(text: string): ProgressBar | null {
  const [whole, percent] = /^Progress: {0,4}(\d{1,3}(?:\.\d)?)% words\/sec/.exec(text) ?? [];
  if (whole === undefined) return null;
  const none = { step: null, total: null, secondsRemaining: null };
  return { ...none, description: '', percent: Number(percent), postfix: text.slice(whole.length) };
}
