import type { ProgressBar } from './bar.ts';
import { secondsOf } from './clock.ts';

/** progressbar2: ` 40% (40 of 100) |####      | Elapsed Time: 0:00:04 ETA:   0:00:06`. */
export function readProgressbar2(text: string): ProgressBar | null {
  if (!text.includes('% (')) return null;
  const [whole, description = '', step, total] = shape.exec(text) ?? [];
  if (whole === undefined || Number(total) === 0) return null;
  const postfix = text.slice(whole.length);
  return {
    description: description.trim(),
    step: Number(step),
    total: Number(total),
    percent: null,
    secondsRemaining: secondsOf(/ETA: {1,4}([\d:]{4,12})/.exec(postfix)?.[1]),
    postfix,
  };
}

const shape = /^([^%|]{0,80}?) {0,3}\d{1,3}% \( ?(\d{1,9}) of (\d{1,9})\) ?\|[^|]*\|/;
