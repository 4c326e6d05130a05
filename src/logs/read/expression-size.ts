/**
 * Estimates how many instructions an expression compiles to, without compiling it: a part that is followed by
 * a count in braces counts that many times, also in nested groups.
 */
export function expressionSize(pattern: string): number {
  /** The open groups, the innermost last: the size of each, and of its last part. */
  const groups = [{ size: 0, last: 0 }];
  const pieces = pattern.matchAll(
    /\\[xpP]\{[^}]*\}|\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{(\d+)(?:,(\d*))?\}|./gs,
  );
  for (const [piece, least, most] of pieces) {
    const group = groups.at(-1) ?? { size: 0, last: 0 };
    if (least !== undefined) {
      const times = Math.max(1, Number(least), Number(most ?? 0));
      group.size += group.last * (times - 1);
      group.last *= times;
    } else if (piece === '(') groups.push({ size: 0, last: 0 });
    else if (piece === ')' && groups.length > 1) {
      groups.pop();
      const outer = groups.at(-1) ?? group;
      outer.last = group.size;
      outer.size += group.size;
    } else {
      group.last = 1;
      group.size += 1;
    }
  }
  return groups.reduce((sum, { size }) => sum + size, 0);
}
