const maxTailLines = 8192;
const maxTailChars = 2 * 1024 * 1024;

/** The newest lines of a log, in memory, so that its followers read no file. Bounded in lines and text. */
export class LogTail {
  #blocks: { first: number; texts: string[]; chars: number }[] = [];
  #lines = 0;
  #chars = 0;

  /** The number of the first line in memory; infinite if there is none. */
  get first(): number {
    return this.#blocks[0]?.first ?? Number.POSITIVE_INFINITY;
  }

  /** Adds lines. If they do not follow the lines in memory, those are dropped first. */
  add(first: number, texts: string[]): void {
    if (texts.length === 0) return;
    const last = this.#blocks.at(-1);
    if (last !== undefined && last.first + last.texts.length !== first) this.#clear();
    const chars = texts.reduce((sum, text) => sum + text.length, 0);
    this.#blocks.push({ first, texts, chars });
    this.#lines += texts.length;
    this.#chars += chars;
    while (this.#blocks.length > 1 && (this.#lines > maxTailLines || this.#chars > maxTailChars)) {
      const oldest = this.#blocks.shift();
      this.#lines -= oldest?.texts.length ?? 0;
      this.#chars -= oldest?.chars ?? 0;
    }
  }

  #clear(): void {
    this.#blocks = [];
    this.#lines = 0;
    this.#chars = 0;
  }

  /** Up to `maxLines` lines and about `maxChars` of text, from `line` on; null if that line is not in memory. */
  read(line: number, maxLines: number, maxChars: number): string[] | null {
    const start = this.#blocks.findLastIndex((block) => block.first <= line);
    if (start === -1) return null;
    const lines: string[] = [];
    let chars = 0;
    for (const block of this.#blocks.slice(start)) {
      for (let at = Math.max(0, line - block.first); at < block.texts.length; at += 1) {
        if (lines.length === maxLines || chars >= maxChars) return lines;
        const text = block.texts[at] ?? '';
        lines.push(text);
        chars += text.length;
      }
    }
    return lines;
  }
}
