import { join } from 'node:path';
import { openFolder } from '../../support/folder.ts';
import { openOwners } from './owners.ts';
import { freePort, runExample } from './process.ts';

/**
 * Hive Gateway with the example's configuration, before a Trainyard at `url` and the example's second
 * subgraph. Its own `url` is used like a Trainyard's.
 */
export async function openHiveGateway(url: string): Promise<{ url: string } & AsyncDisposable> {
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(await openFolder());
  const owners = opened.use(await openOwners());
  const supergraph = join(folder.path, 'supergraph.graphql');
  await runExample('compose.ts', {
    args: [supergraph],
    env: { TRAINYARD_URL: `${url}/graphql`, OWNERS_URL: owners.url },
  });
  const port = await freePort();
  opened.use(
    await runExample('node_modules/@graphql-hive/gateway/dist/bin.js', {
      args: ['supergraph', supergraph, '--port', String(port)],
      ready: /Listening on/,
    }),
  );
  const parts = opened.move();
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}
