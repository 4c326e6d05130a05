import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const project = new URL('../../', import.meta.url);

test('each fault that docs/faults.md tells of has a test, by its file and title', async () => {
  const page = await readFile(new URL('docs/faults.md', project), 'utf8');
  const rows = page.split('\n').filter((line) => /^\| (?!fault)/.test(line));
  expect(rows.length).toBeGreaterThan(50);
  const missing: string[] = [];
  for (const row of rows) {
    const [, fault, , tests = ''] = row.split(' | ').length === 3 ? ['', ...row.split(' | ')] : [];
    const named = [...tests.matchAll(/\[([^\]]+)\]\(\.\.\/(test\/[^)]+)\) `([^`]+)`(?:<br>)?/g)];
    const whole = named.map(([text]) => text).join('');
    if (named.length === 0 || `${whole} |` !== tests) missing.push(`${fault}: ${tests}`);
    for (const [, link, file = '', title = ''] of named) {
      const path = fileURLToPath(new URL(file, project));
      const isThere = existsSync(path) && holdsTitle(await readFile(path, 'utf8'), title);
      if (!isThere || !file.startsWith(`test/${link}.`)) missing.push(`${file} has no "${title}"`);
    }
  }
  expect(missing).toEqual([]);
});

test('a title counts where it is that of a test, or of a case of one', () => {
  const source =
    "// a comment\ntest('one', () => {});\ntest.each([['two', 2]])(\n  '%s is', () => {});";
  const titles = ['one', 'two', '%s is', 'a comment', 'on', 'is'];
  expect(titles.filter((title) => holdsTitle(source, title))).toEqual(['one', 'two', '%s is']);
});

/** Whether a text stands in the source as the first thing in a call or a list. */
function holdsTitle(source: string, title: string): boolean {
  return [`'${title}',`, `"${title}",`, `\`${title}\`,`].some((text) =>
    source
      .split(text)
      .slice(0, -1)
      .some((before) => /[([]\s*$/.test(before)),
  );
}
