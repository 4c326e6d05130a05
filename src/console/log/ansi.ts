import { type AnsiStyle, applySequence, plainStyle } from './ansi-style.ts';

/** A part of a line in one style; null for text as it is. */
export interface Span {
  text: string;
  style: AnsiStyle | null;
}

// A control sequence; an operating system command up to its end; any other escape; any other control character.
const sequence =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
  /\u001b\[([0-9;:]*)([@-~])|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b[@-_]?|[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
const anyControl = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/;

/**
 * Reads colours and other styles out of a line. Every other sequence is left out, and each stray control character
 * is shown as its picture. Each line begins plain, so that it looks the same wherever one comes from.
 */
export function parseAnsi(line: string): Span[] {
  if (!anyControl.test(line)) return [{ text: line, style: null }];
  const spans: Span[] = [];
  const style = plainStyle();
  let isStyled = false;
  let at = 0;
  const push = (text: string) => {
    if (text) spans.push({ text, style: isStyled ? { ...style } : null });
  };
  for (const match of line.matchAll(sequence)) {
    const [found, parameters = '', end] = match;
    push(line.slice(at, match.index));
    at = match.index + found.length;
    if (end === 'm') {
      applySequence(style, parameters);
      isStyled = Object.values(style).some((part) => part !== false && part !== null);
    } else if (end === undefined && found.length === 1 && found !== '\u001b') push(picture(found));
  }
  push(line.slice(at));
  return spans;
}

/** The line without its sequences. */
export function plainText(line: string): string {
  return anyControl.test(line)
    ? parseAnsi(line)
        .map(({ text }) => text)
        .join('')
    : line;
}

/** The Unicode character that depicts a control character. */
function picture(control: string): string {
  const code = control.charCodeAt(0);
  return code < 0x20 ? String.fromCharCode(0x2400 + code) : '\u2421';
}
