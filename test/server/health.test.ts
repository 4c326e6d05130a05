import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { thisMachine } from '../../src/access/principal.ts';
import { TrainyardError } from '../../src/core/errors.ts';
import type { Provider, ProviderHealth } from '../../src/core/provider.ts';
import { Providers } from '../../src/jobs/providers.ts';
import { readiness } from '../../src/server/rest/health.ts';
import { graphql } from '../support/clients.ts';
import { send } from '../support/http.ts';
import { openTestServer } from '../support/server.ts';

const ready = { path: '/health/ready' };

test('is alive and not ready while the store is locked, and ready again after', async () => {
  await using server = await openTestServer({ lockWaitMs: 50 });
  expect((await send(server.url, ready)).status).toBe(200);
  using other = lock(`${server.dataDir}/trainyard.db`);
  const { status, json } = await send(server.url, ready);
  expect([status, json.status]).toEqual([503, 'unavailable']);
  expect(json.store).toContain('is locked by another process');
  expect((await send(server.url, { path: '/health/live' })).status).toBe(200);
  other.release();
  const after = await send(server.url, ready);
  expect([after.status, after.json]).toEqual([200, { status: 'ok', store: 'ok', providers: [] }]);
});

test('is not ready while the store refuses to be written, and ready again after', async () => {
  let full = false;
  await using server = await openTestServer({
    wrapStore: (store) => ({
      ...store,
      check: () =>
        full
          ? Promise.reject(new TrainyardError('STORE_UNAVAILABLE', 'no room for the store'))
          : store.check(),
    }),
  });
  const statuses = [];
  for (full of [false, true, false]) statuses.push((await send(server.url, ready)).status);
  expect(statuses).toEqual([200, 503, 200]);
});

test('is not ready until every provider has said how it is, whatever it said', async () => {
  const said = Promise.withResolvers<ProviderHealth>();
  const providers = [
    providerThatIs(() => Promise.resolve(up), 'quick'),
    providerThatIs(() => said.promise, 'slow'),
  ];
  await using server = await openTestServer({ providers });
  const asked = graphql(server.url, '{ providers { health { status } } }');
  await expect
    .poll(async () => (await send(server.url, ready)).json.providers)
    .toEqual([
      { name: 'quick', status: 'UP', message: null },
      { name: 'slow', status: 'UNKNOWN', message: null },
    ]);
  expect((await send(server.url, ready)).status).toBe(503);
  said.resolve({ ...up, status: 'DOWN', message: 'it cannot be reached' });
  await asked;
  const { status, json } = await send(server.url, ready);
  expect([status, json.providers[1]]).toEqual([
    200,
    { name: 'slow', status: 'DOWN', message: 'it cannot be reached' },
  ]);
});

test('is not ready any more when it stops, though it still answers', async () => {
  const options = {
    access: { identify: () => thisMachine },
    store: { check: () => Promise.resolve() },
    providers: new Providers([]),
    closing: () => true,
  };
  expect(await readiness(options, undefined)).toMatchObject({
    httpStatus: 503,
    body: { status: 'stopping' },
  });
});

test('tells those without a token neither paths nor providers nor what is wrong', async () => {
  const providers = [providerThatIs(() => Promise.resolve(up), 'secret-name')];
  const tokens = ['a-token-of-the-test'];
  await using server = await openTestServer({ tokens, providers, lockWaitMs: 50 });
  using other = lock(`${server.dataDir}/trainyard.db`);
  expect((await send(server.url, ready)).json).toEqual({ status: 'unavailable' });
  other.release();
});

const up: ProviderHealth = { status: 'UP', message: null, checkedAt: Date.now(), latencyMs: 1 };

/** A provider that only says how it is. */
function providerThatIs(health: () => Promise<ProviderHealth>, name: string): Provider {
  const never = () => {
    throw new Error('not asked in this test');
  };
  return {
    name,
    kind: 'LOCAL',
    pollMs: 1000,
    recipes: () => [],
    health,
    deploy: never,
    find: never,
    status: never,
    cancel: never,
    followLogs: never,
    logNotice: never,
  };
}

/** Holds the write lock of a database, as another process would. */
function lock(path: string): { release(): void } & Disposable {
  const db = new Sqlite(path);
  db.exec('BEGIN IMMEDIATE');
  return {
    release: () => void db.exec('ROLLBACK'),
    [Symbol.dispose]: () => void db.close(),
  };
}
