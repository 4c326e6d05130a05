import { ProvidersDocument } from '@trainyard/client';
import { base } from '../address.ts';
import { Graph } from './graph.ts';
import { Value } from './value.ts';

/** Storage belongs to a host and a port, unlike a cookie, which every port of a host gets. */
const key = `trainyard:token:${base}`;

/** Which token this page uses, if any, and the graph that it opens. */
export class Session {
  /** Null while the server asks for a token. */
  readonly graph: Value<Graph | null>;
  /** Whether there is a token to forget. */
  readonly hasToken: Value<boolean>;

  constructor() {
    const token = takeTokenOfLink() ?? sessionStorage.getItem(key) ?? localStorage.getItem(key);
    this.hasToken = new Value(token !== null);
    this.graph = new Value<Graph | null>(new Graph(token, () => this.leave()));
    // Also where the page is open already.
    addEventListener('hashchange', () => {
      const given = takeTokenOfLink();
      if (given === null) return;
      this.graph.get()?.close();
      this.hasToken.set(true);
      this.graph.set(new Graph(given, () => this.leave()));
    });
  }

  /** Tries a token, and keeps it where the server takes it. Rejects with a `GraphError` where it does not. */
  async enter(token: string, { remember }: { remember: boolean }): Promise<void> {
    let isIn = false;
    const graph = new Graph(token, () => isIn && this.leave());
    await graph.query(ProvidersDocument, {});
    isIn = true;
    (remember ? localStorage : sessionStorage).setItem(key, token);
    this.hasToken.set(true);
    this.graph.set(graph);
  }

  /** Forgets the token and closes the socket. */
  leave(): void {
    sessionStorage.removeItem(key);
    localStorage.removeItem(key);
    this.graph.get()?.close();
    this.hasToken.set(false);
    this.graph.set(null);
  }
}

/** The token of an address that ends in `#token=…`, which is taken out of the address and its history at once. */
function takeTokenOfLink(): string | null {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token === null) return null;
  history.replaceState(null, '', location.pathname + location.search);
  sessionStorage.setItem(key, token);
  return token;
}

/** The token as the server wants it where urql does not send it, such as with a download. */
export function authorization(): Record<string, string> {
  const token = sessionStorage.getItem(key) ?? localStorage.getItem(key);
  return token ? { Authorization: `Bearer ${token}` } : {};
}
