/** What a piece of a text does on a terminal's screen. */
export type Control =
  | { kind: 'text'; text: string }
  /** Rows down, negative up. */
  | { kind: 'rows'; by: number }
  | { kind: 'newline' }
  /** To the first column: what was written is a state, and what follows is written over it. */
  | { kind: 'return' }
  /** To the left by so many characters, or to a column, counted from 0. */
  | { kind: 'left'; by: number }
  | { kind: 'column'; to: number }
  /** To the right of the cursor, or the whole row. */
  | { kind: 'erase'; all: boolean };

/** True for a text that is one line and moves no cursor: its colours are no matter. */
export function isPlain(text: string): boolean {
  return (
    !text.includes('\r') &&
    !text.includes('\n') &&
    !text.includes('\0') &&
    !text.includes('\b') &&
    !(text.includes('\u001b') && moves.test(text)) &&
    text.isWellFormed()
  );
}

/**
 * What a text does on a screen, in its order. It ends with a newline of its own unless a `\r` is its end.
 * Colours and links stay in the text; signs that show or hide the cursor, or erase the screen, go.
 */
export function* controlsOf(raw: string): Generator<Control> {
  const text = raw.toWellFormed().replaceAll('\0', '␀');
  const end = text.endsWith('\n') ? text.length - 1 : text.length;
  control.lastIndex = 0;
  let from = 0;
  for (
    let match = control.exec(text);
    match !== null && match.index < end;
    match = control.exec(text)
  ) {
    if (match.index > from) yield { kind: 'text', text: text.slice(from, match.index) };
    from = control.lastIndex;
    const [sign, count, letter] = match;
    if (letter === undefined) {
      const last = sign.at(-1);
      if (last === '\n') {
        if (from > end) break;
        yield { kind: 'newline' };
      } else if (last === '\b') yield { kind: 'left', by: sign.length };
      else if (last === '\r') yield { kind: 'return' };
    } else {
      const moved = moveOf(letter, count ?? '');
      if (moved !== null) yield moved;
    }
  }
  if (from < end) yield { kind: 'text', text: text.slice(from, end) };
  if (!text.endsWith('\r')) yield { kind: 'newline' };
}

/** More rows than a screen has are none that a bar could be drawn on. */
const maxRowsBy = 64;
const maxColumn = 1024;

const esc = '\u001b';
// An `ESC[K` behind what was written erases nothing: grep's colours have one.
const moves = new RegExp(
  `${esc}(?:\\[(?:\\d{0,4}[A-G]|[\\d;]{0,12}[HfJ]|[12]K|\\?(?:25|7|2026)[hl])|[78M])|^${esc}\\[0?K`,
);
const control = new RegExp(
  `\\r*\\n|\\r+|[\\b]+|${esc}(?:\\[(\\d{0,4})(?:;\\d{0,4})?([A-HJKf])|\\[\\?(?:25|7|2026)[hl]|[78M])`,
  'g',
);

function moveOf(letter: string, digits: string): Control | null {
  const count = Math.min(maxRowsBy, Math.max(1, Number(digits)));
  switch (letter) {
    case 'A':
    case 'F':
      return { kind: 'rows', by: -count };
    case 'B':
    case 'E':
      return { kind: 'rows', by: count };
    case 'C':
      return null; // over what stands there
    case 'D':
      return { kind: 'left', by: Math.min(maxColumn, Math.max(1, Number(digits))) };
    case 'G':
      return Number(digits) <= 1
        ? { kind: 'return' }
        : { kind: 'column', to: Math.min(maxColumn, Number(digits) - 1) };
    case 'K':
      return { kind: 'erase', all: digits === '1' || digits === '2' };
    default:
      return { kind: 'return' }; // a whole screen that is drawn anew
  }
}
