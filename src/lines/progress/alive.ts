import { type ProgressBar, withoutColon } from './bar.ts';
import { secondsOf } from './clock.ts';

/** alive-progress: `Training |████████⚠︎    | 40/100 [40%] in 4.0s (10.0/s, eta: 6.0s)`. */
export function readAliveBar(text: string): ProgressBar | null {
  if (!text.includes('%]')) return null;
  const [whole, description = '', step, total, remaining] = shape.exec(text) ?? [];
  if (whole === undefined || Number(total) === 0) return null;
  return {
    description: withoutColon(description),
    step: Number(step),
    total: Number(total),
    percent: null,
    secondsRemaining: secondsOf(remaining),
    postfix: text.slice(whole.length),
  };
}

const shape =
  /^([^|]{0,80})\|[^|]{1,200}\| (?:[^|\d]{1,8} )?(\d{1,9})\/(\d{1,9}) \[\d{1,3}%\](?: in [\w.:]{1,12}(?: \([^,)]{0,24}(?:, eta: ([\w.:]{1,12}))?\))?)?/;
