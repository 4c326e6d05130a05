import { existsSync, statSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { git, openClone } from './clone.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const readme = await readFile(`${root}README.md`, 'utf8');
const blocks = [...readme.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language, text = '']) => ({
  language,
  text,
}));

/** What lies in a folder, in order; folders with a slash at their end. */
async function entriesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries.map((entry) => `${entry.name}${entry.isDirectory() ? '/' : ''}`).sort();
}

describe('the README', () => {
  test('works as it stands, block by block, in a fresh clone', { timeout: 600_000 }, async () => {
    await using clone = await openClone();
    const before = await entriesOf(clone.path);
    const [setUp, ...others] = blocks.filter(({ language }) => language === 'sh');
    expect(setUp?.text).toMatch(/^npm ci && npm start /);
    await clone.start();
    const printed: string[] = [];
    for (const { text } of others) {
      // It says so: what a block wrote into the configuration holds from the next start on.
      if (existsSync(`${clone.path}/trainyard.config.json`)) await clone.startAgain();
      printed.push(await clone.run(text));
    }
    const [deployed, asked, written, own, ...none] = printed;
    expect(none).toEqual([]);
    expect(deployed).toMatch(/loss/);
    expect(deployed).toMatch(/trainyard: COMPLETED/);
    expect(asked).toMatch(/"complete":true/);
    expect(asked).toMatch(/"status":"COMPLETED","progress":\{"percent":100,"loss":\d/);
    expect(written).toBe('');
    expect(own).toMatch(/^step: 30 loss: 0\.0667$/m);
    expect(own).toMatch(/trainyard: COMPLETED/);
    await clone.stop();

    const left = (await entriesOf(clone.path)).filter((name) => !before.includes(name));
    expect(left).toEqual(['data/', 'job.json', 'train.py', 'trainyard.config.json']);
    // The checks pass over what git ignores, so that they pass after all this, too.
    const ignored = await git('check-ignore', ...left);
    expect(ignored.trimEnd().split('\n')).toEqual(left);
  });

  test('shows an example for front ends that is one of the examples', async () => {
    const shown = blocks.find(({ language }) => language === 'ts')?.text;
    expect(shown).toBe(await readFile(`${root}examples/clients/follow.ts`, 'utf8'));
  });

  test('has at most 200 lines, in the order in which a reader needs them', () => {
    expect(readme.trimEnd().split('\n').length).toBeLessThanOrEqual(200);
    const prose = readme.replace(/^```.*?^```$/gms, '');
    expect(prose.match(/^#+ .*$/gm)).toEqual([
      '# Trainyard',
      '## Set up',
      '## Your first job',
      '## Your own training',
      '## Elsewhere',
      '## In a front end',
      '## More',
    ]);
  });
});

test('links in the documents lead to something', async () => {
  const files = ['README.md', 'CONTRIBUTING.md', 'packages/client/README.md'];
  for (const name of await readdir(`${root}docs`, { recursive: true })) {
    if (name.endsWith('.md')) files.push(`docs/${name}`);
  }
  const dead: string[] = [];
  for (const file of files) {
    const text = await readFile(root + file, 'utf8');
    for (const [, to = ''] of text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)) {
      const path = fileURLToPath(new URL(to, `file://${root}${file}`));
      if (statSync(path, { throwIfNoEntry: false }) === undefined) dead.push(`${file}: ${to}`);
    }
  }
  expect(dead).toEqual([]);
});
