import { type ProgressBar, withoutColon } from './bar.ts';
import { secondsOf } from './clock.ts';

/**
 * Bars drawn with lines, by rich (and Lightning's rich bar) and by newer Ultralytics:
 * `Epoch 1/9 ━━━━━╸━━━━━ 50/100 0:00:05 • 0:00:05 9.80it/s v_num: 3.000 train_loss: 0.512`,
 * `Training ━━━━━━━ 40% 0:00:06`, `640: 100% ━━━━━━━ 8/8 3.9it/s 2.1s`.
 */
export function readLineBar(text: string): ProgressBar | null {
  if (!text.includes('━') && !text.includes('╸') && !text.includes('╺')) return null;
  const [drawn, before = '', percentBefore] = shape.exec(text) ?? [];
  if (drawn === undefined) return null;
  const after = text.slice(drawn.length);
  const percent = percentBefore ?? /(?:^|\s)(\d{1,3}(?:\.\d)?)%/.exec(after)?.[1];
  const [, step, total] = /(?:^|\s)(\d{1,9})\/(\d{1,9})(?=\s|$)/.exec(after) ?? [];
  if (percent === undefined && step === undefined) return null;
  if (total !== undefined && Number(total) === 0) return null;
  const clocks = after.match(/(?<![\d:])\d+(?::\d\d)+(?![\d:])/g) ?? [];
  return {
    description: withoutColon(before),
    step: step === undefined ? null : Number(step),
    total: total === undefined ? null : Number(total),
    percent: percent === undefined ? null : Math.min(100, Number(percent)),
    secondsRemaining: secondsOf(clocks.at(-1)),
    postfix: after,
  };
}

const shape = /^([^━╸╺]{0,200}?)(?:(\d{1,3}(?:\.\d)?)% ?)?[━╸╺]+(?: ?[━╸╺]+)*/;
