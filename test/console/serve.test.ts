import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { bundleConsole } from '../../src/server/console/bundle.ts';
import { openTestServer } from '../support/server.ts';

const asBrowser = { headers: { accept: 'text/html,*/*' } };

test('pages come without a token and hold nothing but the way to their parts', async () => {
  await using server = await openTestServer({ tokens: ['a-token-that-no-page-needs'] });
  for (const path of ['/', '/jobs/some-id', '/deploy']) {
    const page = await fetch(server.url + path, asBrowser);
    expect(page.status).toBe(200);
    const html = await page.text();
    // Relative to the page's own address, so that nothing depends on what a proxy has put before it.
    const parts = [...html.matchAll(/(?:src|href)="([^"]+\.(?:js|css))"/g)].map(([, part]) => part);
    expect(parts).toHaveLength(2);
    for (const part of parts) {
      expect(part).toMatch(/^\.\.?\/console\//);
      const answer = await fetch(new URL(part ?? '', page.url));
      expect(answer.status).toBe(200);
      expect(answer.headers.get('cache-control')).toContain('immutable');
    }
  }
});

test('a page may run its own scripts and call its own server, and make no markup of text', async () => {
  await using server = await openTestServer();
  const { headers } = await fetch(server.url, asBrowser);
  const { host } = new URL(server.url);
  expect(headers.get('content-security-policy')?.split('; ')).toEqual([
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    'img-src data:',
    `connect-src 'self' ws://${host} wss://${host}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ]);
  expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
});

test('a page is sent again only if it has changed', async () => {
  await using server = await openTestServer();
  const first = await fetch(server.url, asBrowser);
  const again = await fetch(server.url, {
    headers: { ...asBrowser.headers, 'if-none-match': first.headers.get('etag') ?? '' },
  });
  expect(again.status).toBe(304);
});

test('what is no browser gets what it got before', async () => {
  await using server = await openTestServer();
  const root = await fetch(server.url, { redirect: 'manual' });
  expect([root.status, root.headers.get('location')]).toEqual([302, '/graphql']);
  const log = await server.openLog();
  await log.print('line 0');
  // A browser, too, gets a log as text.
  const text = await fetch(`${server.url}/jobs/${log.job.id}/log`, asBrowser);
  expect(await text.text()).toBe('line 0\n');
});

test('a part of another version is told so', async () => {
  await using server = await openTestServer();
  const answer = await fetch(`${server.url}/console/app-00000000.js`);
  expect(answer.status).toBe(404);
  expect(await answer.text()).toContain('Load the page again');
});

test('a first visit takes at most 150 kB', async () => {
  const { files } = await bundleConsole();
  const sizes = [...files.values()].map((content) => gzipSync(content).length);
  expect(sizes.reduce((sum, size) => sum + size)).toBeLessThanOrEqual(150_000);
});
