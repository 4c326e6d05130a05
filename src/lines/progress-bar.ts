/** One state of a tqdm progress bar. */
export interface ProgressBar {
  /** What stands before the percentage, without its colon; empty for a bar without a description. */
  description: string;
  step: number;
  total: number;
  secondsRemaining: number | null;
  /** What follows the rate, such as `loss=2.3, lr=0.001`. */
  postfix: string;
}

/**
 * Reads ` 10%|█   | 30/300 [00:10<01:30,  3.00it/s, loss=2.3]`; null for anything else. Scaled
 * counts (`1.2G/4.0G`) are null too: no training counts its steps so.
 */
export function parseProgressBar(text: string): ProgressBar | null {
  const sign = text.lastIndexOf('%|');
  if (sign < 0) return null;
  tail.lastIndex = sign;
  const [, step, total, remaining, postfix] = tail.exec(text) ?? [];
  if (step === undefined || total === undefined || Number(total) === 0) return null;
  return {
    description: descriptionOf(text, sign),
    step: Number(step),
    total: Number(total),
    secondsRemaining: secondsOf(remaining),
    postfix: postfix ?? '',
  };
}

// Sticky, and every part ends at a character that the part itself excludes: linear. A bar that
// the terminal's width has cut off keeps its counts; its last value may be cut too and is left.
const tail =
  /%\|[^|]*\| *(\d{1,9})\/(\d{1,9}) \[[\d:?]+(?:<([\d:?]+))?(?:,[^,\]]*(?:, ([^\]]*)\])?)?/y;

function descriptionOf(text: string, sign: number): string {
  let end = sign;
  while (end > 0 && isDigit(text.charCodeAt(end - 1))) end--;
  return text
    .slice(text.lastIndexOf('\r', end) + 1, end)
    .trim()
    .replace(/:$/, '');
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** `01:30` is 90, `1:00:05` is 3605, `?` is null. */
function secondsOf(clock: string | undefined): number | null {
  if (clock === undefined || clock.includes('?')) return null;
  let seconds = 0;
  for (const part of clock.split(':')) seconds = seconds * 60 + Number(part);
  return seconds;
}
