import fc from 'fast-check';
import { expect, test } from 'vitest';
import { visible, visibleJson } from '../../src/cli/screen/visible.ts';

const esc = '\u001b';
const colour = new RegExp(`${esc}\\[[0-9;:]*m`, 'g');
// What a terminal acts upon, and what reorders text: the whole of Unicode's control characters but the tab.
const dangerous = /[^\P{Cc}\t]|\p{Bidi_Control}/u;

const nasty = fc.string({
  unit: fc.constantFrom(
    ...['\u001b', '[', ']', '0', ';', ':', '1', 'm', 'J', 'P', '\\', '?', '>', '\u0007', '\u009b'],
    ...[
      '\u009d',
      '\u0090',
      '\r',
      '\n',
      '\b',
      '\0',
      '\u007f',
      '\t',
      '\u202e',
      '\u2066',
      'a',
      'é',
      '🙂',
    ],
  ),
});
const anyText = fc.oneof(nasty, fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }));

test('no text brings anything to a terminal but SGR colours, which end with their line', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const shown = visible(text, { colours: true });
      expect(shown.replace(colour, '')).not.toMatch(dangerous);
      if (shown.includes(esc)) expect(shown.endsWith(`${esc}[0m`)).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

test('without colours, no text brings any escape sequence', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      expect(visible(text, { colours: false })).not.toMatch(dangerous);
    }),
    { numRuns: 2000 },
  );
});

test('as JSON, every text is safe to show and comes back as it was', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const shown = visibleJson({ text });
      expect(shown).not.toMatch(dangerous);
      expect(JSON.parse(shown)).toEqual({ text });
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ['a red word', '\u001b[31mred\u001b[39m', '\u001b[31mred\u001b[39m\u001b[0m'],
  ['a 24-bit colour', '\u001b[38:2:1:2:3mx', '\u001b[38:2:1:2:3mx\u001b[0m'],
  ['a window title', '\u001b]0;owned\u0007', '\\x1b]0;owned\\x07'],
  ['a link', '\u001b]8;;http://x\u001b\\', '\\x1b]8;;http://x\\x1b\\'],
  ['a cleared screen', '\u001b[2J', '\\x1b[2J'],
  ['a moved cursor, in C1', '\u009b1A', '\\x9b1A'],
  ['a changed keyboard mode, which looks like a colour', '\u001b[>4;2m', '\\x1b[>4;2m'],
  ['a reordered text', 'safe\u202egpj.exe', 'safe\\u202egpj.exe'],
  ['a tab', 'a\tb', 'a\tb'],
  ['words in any language', 'naïve 日本語 🙂', 'naïve 日本語 🙂'],
])('shows %s', (_what, text, shown) => {
  expect(visible(text, { colours: true })).toBe(shown);
});
