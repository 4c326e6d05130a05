import { runExample } from './process.ts';

/** The example's second subgraph; `url` is that of its GraphQL endpoint. */
export async function openOwners(): Promise<{ url: string } & AsyncDisposable> {
  const owners = await runExample('owners.ts', { env: { PORT: '0' }, ready: /^owners: / });
  const [, url = ''] = /^owners: (.+)$/m.exec(owners.output) ?? [];
  return { url, [Symbol.asyncDispose]: () => owners[Symbol.asyncDispose]() };
}
