import { readAliveBar } from './alive.ts';
import type { ProgressBar } from './bar.ts';
import { readFastText } from './fasttext.ts';
import { readJuliaBar } from './julia.ts';
import { readLineBar } from './line-bar.ts';
import { readNotebookBar } from './notebook.ts';
import { readProgressbar2 } from './progressbar2.ts';
import { readTqdm } from './tqdm.ts';

/** A reader is a file: the next library's is added here. */
const readers: readonly ((text: string) => ProgressBar | null)[] = [
  readTqdm,
  readLineBar,
  readAliveBar,
  readProgressbar2,
  readFastText,
  readJuliaBar,
  readNotebookBar,
];

/** The state of a progress bar that a line shows; null for any other line. */
export function readBar(text: string): ProgressBar | null {
  for (const read of readers) {
    const bar = read(text);
    if (bar !== null) return bar;
  }
  return null;
}
