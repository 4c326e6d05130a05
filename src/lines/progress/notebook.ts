import type { ProgressBar } from './bar.ts';
import { secondsOf } from './clock.ts';

/** Hugging Face's bar for notebooks, as text: `[30/60 00:12 < 00:13, 2.20 it/s, Epoch 0.50/1]`. */
export function readNotebookBar(text: string): ProgressBar | null {
  const [, step, total, remaining, epoch = ''] = shape.exec(text) ?? [];
  if (step === undefined || Number(total) === 0) return null;
  const counts = { step: Number(step), total: Number(total), percent: null };
  return { ...counts, description: '', secondsRemaining: secondsOf(remaining), postfix: epoch };
}

const shape =
  /^\s*\[ ?(\d{1,9})\/(\d{1,9}) [\d:]{4,12} < ([\d:]{4,12})(?:, [\d.]{1,9} \w+\/\w+)?(?:, (Epoch [\d./]{1,16}))?\]/;
