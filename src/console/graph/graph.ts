import { createSocket, type GraphError } from '@trainyard/client';
import {
  type AnyVariables,
  Client,
  fetchExchange,
  type OperationResult,
  stringifyDocument,
  type TypedDocumentNode,
} from '@urql/core';
import type { Client as Socket } from 'graphql-ws/client';
import { graphAddress, socketAddress } from '../address.ts';
import { problemOf, sinkProblem } from './problem.ts';
import { Value } from './value.ts';

/** How long the socket stays open without a subscription, in milliseconds: a change of pages needs no new one. */
const idleMs = 5_000;

export type Connection = 'fine' | 'lost';

/** The server's graph as this page uses it, with one token or none: over HTTP, and over one socket. */
export class Graph {
  readonly socket: Socket;
  /** Whether what is followed comes in. */
  readonly connection = new Value<Connection>('fine');
  readonly #client: Client;
  readonly #refused: (error: GraphError) => void;

  /** Calls `refused` where the server does not take the token. */
  constructor(token: string | null, refused: (error: GraphError) => void) {
    this.#refused = refused;
    const headers: Record<string, string> = token ? { Authorization: `Bearer ${token}` } : {};
    this.socket = createSocket({
      url: socketAddress,
      connectionParams: headers,
      lazyCloseTimeout: idleMs,
    });
    this.socket.on('connected', () => this.connection.set('fine'));
    this.socket.on('closed', (event) => {
      // 1000: it was closed here, because nothing is followed.
      const isOwn = event instanceof CloseEvent && event.code === 1000;
      if (!isOwn) this.connection.set('lost');
    });
    this.#client = new Client({
      url: graphAddress,
      fetchOptions: { headers },
      preferGetMethod: false,
      requestPolicy: 'network-only',
      exchanges: [fetchExchange],
    });
  }

  /** Rejects with a `GraphError`. */
  async query<Data, Variables extends AnyVariables>(
    document: TypedDocumentNode<Data, Variables>,
    variables: Variables,
  ): Promise<Data> {
    return this.#take(await this.#client.query(document, variables).toPromise());
  }

  /** Rejects with a `GraphError`. */
  async mutate<Data, Variables extends AnyVariables>(
    document: TypedDocumentNode<Data, Variables>,
    variables: Variables,
  ): Promise<Data> {
    return this.#take(await this.#client.mutation(document, variables).toPromise());
  }

  /** Calls with every result until the function that it returns is called; goes on after a lost connection. */
  follow<Data, Variables extends AnyVariables>(
    document: TypedDocumentNode<Data, Variables>,
    variables: Variables,
    { next, failed }: { next: (data: Data) => void; failed: (error: GraphError) => void },
  ): () => void {
    // Not by way of urql, which tells the last result twice, and only a while after it came.
    return this.socket.subscribe<Data>(
      { query: stringifyDocument(document), variables: { ...variables } },
      {
        next: ({ data, errors }) => {
          if (errors) failed(this.#note(sinkProblem(errors)));
          else if (data) next(data);
        },
        error: (error) => failed(this.#note(sinkProblem(error))),
        complete: () => {},
      },
    );
  }

  close(): void {
    void this.socket.dispose();
  }

  #take<Data, Variables extends AnyVariables>(result: OperationResult<Data, Variables>): Data {
    if (result.error) throw this.#note(problemOf(result.error));
    if (!result.data) throw new Error('The server sent an empty answer.');
    return result.data;
  }

  #note(error: GraphError): GraphError {
    if (error.code === 'UNAUTHENTICATED') this.#refused(error);
    return error;
  }
}
