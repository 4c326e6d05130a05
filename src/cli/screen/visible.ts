/** An SGR sequence, which sets colours and does nothing else. */
const colour = String.raw`\u001b\[[0-9;:]*m`;

/** All other characters that control a terminal (C0 but the tab, DEL, C1), and those that reorder the text around them. */
const controls = String.raw`\u0000-\u0008\u000a-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069`;

const colourOrControl = new RegExp(`${colour}|[${controls}]`, 'g');
const control = new RegExp(`[${controls}]`, 'g');

/**
 * Makes a line of foreign text safe for a terminal. With `colours`, SGR colours are kept, and reset at the line's end;
 * without, they are left out. Everything else that could control the terminal is escaped: `\x1b]0;`, `\u202e`.
 */
export function visible(text: string, { colours }: { colours: boolean }): string {
  let coloured = false;
  const shown = text.replace(colourOrControl, (found) => {
    if (found.length === 1) return escaped(found);
    coloured ||= colours;
    return colours ? found : '';
  });
  return coloured ? `${shown}\u001b[0m` : shown;
}

/** A value as one line of JSON that is safe for a terminal: control characters that JSON allows are escaped, too. */
export function visibleJson(value: unknown): string {
  return JSON.stringify(value).replace(control, (found) => `\\u${hex(found, 4)}`);
}

function escaped(character: string): string {
  return character.charCodeAt(0) < 0x100 ? `\\x${hex(character, 2)}` : `\\u${hex(character, 4)}`;
}

function hex(character: string, digits: number): string {
  return character.charCodeAt(0).toString(16).padStart(digits, '0');
}
