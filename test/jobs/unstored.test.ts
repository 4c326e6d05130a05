import { expect, test } from 'vitest';
import { TrainyardError } from '../../src/core/errors.ts';
import { openLocalProvider } from '../../src/providers/local/provider.ts';
import { deploy, graphql } from '../support/clients.ts';
import { openQueueingServer } from '../support/dialects/queueing-server.ts';
import { dialectDefaults } from '../support/dialects/script.ts';
import { send } from '../support/http.ts';
import { replace } from '../support/replace.ts';
import { openTestServer } from '../support/server.ts';

test('while lines cannot be stored, readers and whoever asks for readiness are told, though small writes succeed', async () => {
  await using stack = new AsyncDisposableStack();
  const box = await openQueueingServer();
  stack.defer(() => box.server.close());
  const options = { name: 'box', url: box.server.url, apiKey: null, recipes: null };
  const provider = openLocalProvider({ ...options, defaultsOf: () => dialectDefaults });
  stack.defer(() => provider.close());
  let isFull = false;
  const server = stack.use(
    await openTestServer({
      providers: [provider],
      wrapStore: (store) => ({
        ...store,
        logs: replace(store.logs, {
          append: (lease, batch) =>
            isFull
              ? Promise.reject(new TrainyardError('STORE_UNAVAILABLE', 'no room for the store'))
              : store.logs.append(lease, batch),
        }),
      }),
    }),
  );
  const readiness = async () => {
    const { status, json } = await send(server.url, { path: '/health/ready' });
    return [status, json.store];
  };
  await graphql(server.url, '{ providers { health { status } } }');
  const id = await deploy(server.url, { provider: 'box' });
  const job = box.jobs.get(id);
  const log = async () => {
    const fields = 'lines complete gaps { offset } notice { code message help }';
    return (await graphql(server.url, `{ logs(jobId: "${id}") { ${fields} } }`)).data.logs;
  };
  job?.emit(['one', 'two']);
  await expect.poll(log).toMatchObject({ lines: ['one', 'two'], notice: null });
  expect(await readiness()).toEqual([200, 'ok']);

  isFull = true;
  job?.emit(['three']);
  await expect.poll(log).toMatchObject({
    lines: ['one', 'two'],
    notice: { code: 'LOG_NOT_STORED', message: expect.stringContaining('no room for the store') },
  });
  expect(await readiness()).toEqual([503, 'no room for the store']);

  isFull = false;
  job?.finish('completed', { exitCode: 0 });
  await expect
    .poll(log)
    .toMatchObject({ lines: ['one', 'two', 'three'], complete: true, gaps: [], notice: null });
  expect(await readiness()).toEqual([200, 'ok']);
});
