import { type ProgressBar, withoutColon } from './bar.ts';
import { secondsOf } from './clock.ts';

/** ProgressMeter.jl: `Training:  50%|██████      |  ETA: 0:00:10`, at its end `Time: 0:00:20`; it counts no steps. */
export function readJuliaBar(text: string): ProgressBar | null {
  if (!text.includes('%|')) return null;
  const [whole, description = '', percent, remaining] = shape.exec(text) ?? [];
  if (whole === undefined) return null;
  return {
    description: withoutColon(description),
    step: null,
    total: null,
    percent: Number(percent),
    secondsRemaining: remaining === undefined ? 0 : secondsOf(remaining),
    postfix: text.slice(whole.length),
  };
}

const shape =
  /^\s{0,4}([^%|]{0,80}?) {0,3}(\d{1,3})%\|[^|]{1,300}\| {1,3}(?:ETA: ([\d:]{4,12})|Time: {1,2}\d{1,4}:[\d:]{2,8})/;
