/** What a terminal shows in the end: rows may be cleared, and the cursor goes up. Colours are left out. */
export function screenOf(output: string): string[] {
  const rows = [''];
  let at = 0;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is read
  for (const [part] of output.matchAll(/\r\n|\n|\r|\u001b\[[\d;]*[A-Za-z]|[^\r\n\u001b]+/g)) {
    if (part === '\r\n' || part === '\n') {
      at += 1;
      rows[at] ??= '';
    } else if (part === '\u001b[A') at -= 1;
    else if (part === '\u001b[K') rows[at] = '';
    else if (part !== '\r' && !part.startsWith('\u001b')) rows[at] += part;
  }
  return rows;
}
