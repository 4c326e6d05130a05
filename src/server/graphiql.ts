import type { GraphiQLOptions } from 'graphql-yoga';

/** GraphiQL as one page that names no other host: its scripts ship in the package. */
export async function renderGraphiQL(options?: GraphiQLOptions): Promise<string> {
  // Loaded when first asked for: it is 9 MB, and a server without a person in front never needs it.
  const { renderGraphiQL: render } = await import('@graphql-yoga/render-graphiql');
  return render({ ...options, title: 'Trainyard', subscriptionsProtocol: 'WS' });
}
