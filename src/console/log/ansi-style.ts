/** How text is drawn. A colour is one of the 16 that have names, by number, or any other as `#rrggbb`. */
export interface AnsiStyle {
  bold: boolean;
  dim: boolean;
  italic: boolean;
  underline: boolean;
  struck: boolean;
  reverse: boolean;
  color: number | string | null;
  background: number | string | null;
}

export function plainStyle(): AnsiStyle {
  return {
    bold: false,
    dim: false,
    italic: false,
    underline: false,
    struck: false,
    reverse: false,
    color: null,
    background: null,
  };
}

/** What each code without parameters changes (ECMA-48, 8.3.117). */
const changes: Readonly<Record<number, Partial<AnsiStyle>>> = {
  0: plainStyle(),
  1: { bold: true },
  2: { dim: true },
  3: { italic: true },
  4: { underline: true },
  7: { reverse: true },
  9: { struck: true },
  22: { bold: false, dim: false },
  23: { italic: false },
  24: { underline: false },
  27: { reverse: false },
  29: { struck: false },
  39: { color: null },
  49: { background: null },
};

/** Changes a style by the parameters of a sequence that ends in `m`, such as `1;38;5;208`. */
export function applySequence(style: AnsiStyle, parameters: string): void {
  const codes = parameters.split(/[;:]/).map(Number);
  // With colons, a colour space may stand before a colour's parts; it is mostly empty.
  const hasColons = parameters.includes(':');
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at] ?? 0;
    if (code === 38 || code === 48) {
      const skipped = hasColons && codes.length - at >= 6 ? 1 : 0;
      const { color, length } = extended(codes.slice(at + 1), skipped);
      Object.assign(style, code === 38 ? { color } : { background: color });
      at += length;
    } else Object.assign(style, changes[code] ?? named(code));
  }
}

function named(code: number): Partial<AnsiStyle> {
  if (code >= 30 && code <= 37) return { color: code - 30 };
  if (code >= 90 && code <= 97) return { color: code - 82 };
  if (code >= 40 && code <= 47) return { background: code - 40 };
  if (code >= 100 && code <= 107) return { background: code - 92 };
  return {};
}

/** A colour out of 256 (`5;N`) or of all (`2;R;G;B`), and how many codes tell it. */
function extended(codes: number[], skipped: number) {
  const [kind, index = 0] = codes;
  if (kind === 5) return { color: indexed(index), length: 2 };
  if (kind === 2) return { color: rgb(codes.slice(1 + skipped, 4 + skipped)), length: 4 + skipped };
  return { color: null, length: 0 };
}

/** Of the 256: the named ones, a cube of six levels, and greys. */
function indexed(index: number): number | string {
  if (index < 16) return index;
  if (index >= 232) return rgb(Array.from({ length: 3 }, () => 8 + (index - 232) * 10));
  const level = (step: number) => (step === 0 ? 0 : 55 + step * 40);
  const cell = index - 16;
  return rgb([level(Math.floor(cell / 36)), level(Math.floor(cell / 6) % 6), level(cell % 6)]);
}

function rgb(parts: number[]): string {
  const hex = [0, 1, 2].map((part) => {
    const byte = Math.max(0, Math.min(255, Math.round(parts[part] ?? 0)));
    return byte.toString(16).padStart(2, '0');
  });
  return `#${hex.join('')}`;
}
