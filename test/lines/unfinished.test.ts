import { expect, test } from 'vitest';
import { shownOf } from '../../src/lines/redraw/unfinished.ts';

test.each([
  ['Downloading ....', 'Downloading ....'],
  [' 10%|█ \u001b[A\u001b[A', ' 10%|█ '],
  ['Working -\b\\', 'Working \\'],
  ['1%\u001b[2K2%', '2%'],
  ['\u001b[32mgreen', '\u001b[32mgreen'],
  ['', ''],
])('of the unfinished %j a terminal shows %j', (text, shown) => {
  expect(shownOf(text)).toBe(shown);
});
