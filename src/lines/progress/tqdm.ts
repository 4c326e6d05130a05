import { type ProgressBar, withoutColon } from './bar.ts';
import { secondsOf } from './clock.ts';

/**
 * tqdm's bars, and enlighten's: ` 10%|█   | 30/300 [00:10<01:30,  3.00it/s, loss=2.3]`, and without a total
 * `Training: 30it [00:10,  3.00it/s, loss=2.3]`. Scaled counts (`1.2G/4.0G`) are none: no training
 * counts its steps so.
 */
export function readTqdm(text: string): ProgressBar | null {
  const sign = text.includes('%|') ? text.lastIndexOf('%|') : -1; // from the end is slow
  if (sign < 0) return readWithoutTotal(text);
  tail.lastIndex = sign;
  const [, step, total, remaining, postfix] = tail.exec(text) ?? [];
  if (step === undefined || total === undefined || Number(total) === 0) return null;
  let end = sign;
  while (end > 0 && isPercent(text.charCodeAt(end - 1))) end -= 1;
  return {
    description: withoutColon(text.slice(text.lastIndexOf('\r', end) + 1, end)),
    step: Number(step),
    total: Number(total),
    percent: null,
    secondsRemaining: secondsOf(remaining),
    // What was printed behind the bar before its line has ended belongs to its step.
    postfix: `${postfix ?? ''}, ${text.slice(tail.lastIndex)}`,
  };
}

// Sticky, and every part ends at a character that the part itself excludes: linear. A bar that
// the terminal's width has cut off keeps its counts; its last value may be cut too and is left.
const tail =
  /%\|[^|]*\| *(\d{1,9})\/(\d{1,9}) \[[\d:?]+(?:<([\d:?]+))?(?:,[^,\]]*(?:, ([^\]]*(?:\][^\]]+)*)\])?)?/y;

function readWithoutTotal(text: string): ProgressBar | null {
  const open = text.indexOf('it [');
  if (open < 1) return null;
  const [, description = '', step, postfix = ''] = openEnded.exec(text) ?? [];
  if (step === undefined) return null;
  return {
    description: withoutColon(description),
    step: Number(step),
    total: null,
    percent: null,
    secondsRemaining: null,
    postfix,
  };
}

const openEnded = /^(.{0,80}?: )?(\d{1,9})it \[[\d:?]+(?:, *[^,\]]*(?:, ([^\]]*)\])?)?/;

function isPercent(code: number): boolean {
  return (code >= 48 && code <= 57) || code === 46;
}
