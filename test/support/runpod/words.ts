/**
 * The words of a container's start command, as a POSIX shell would split them: quotes and backslashes
 * count, but nothing is expanded and no operator is known. Throws where a quote is never closed.
 */
export function splitWords(command: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quote: '"' | "'" | null = null;
  for (let at = 0; at < command.length; at += 1) {
    const char = command.charAt(at);
    if (quote !== null && char === quote) {
      quote = null;
    } else if (quote === "'") {
      word += char;
    } else if (char === '\\') {
      at += 1;
      const escaped = command.charAt(at);
      word = (word ?? '') + (quote === '"' && !'"\\$`'.includes(escaped) ? char : '') + escaped;
    } else if (quote === null && (char === '"' || char === "'")) {
      quote = char;
      word ??= '';
    } else if (quote === null && /\s/.test(char)) {
      if (word !== null) words.push(word);
      word = null;
    } else {
      word = (word ?? '') + char;
    }
  }
  if (quote !== null) throw new Error(`unterminated ${quote} in the start command`);
  if (word !== null) words.push(word);
  return words;
}
