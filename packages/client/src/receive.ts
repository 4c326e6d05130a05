import type { Client } from 'graphql-ws/client';
import { toGraphError } from './errors.ts';
import type { LogPlaceFragment } from './generated/graphql.ts';
import { Inbox } from './inbox.ts';
import type { LogVariables, PageShape } from './shapes.ts';

/** The most text that waits for the reader, in UTF-16 units: about two of the largest pages. */
const maxWaitingChars = 8 * 1024 * 1024;
/** What a page counts besides its text. */
const pageChars = 1024;
/** Pages that wait are joined up to this many lines. */
const maxJoinedLines = 1000;

/**
 * Yields the pages of one subscription. The client pushes them, so they wait here for the reader, and small ones are
 * joined. When more than `maxWaitingChars` wait, the subscription ends, and the pages end early after those that wait.
 * They also end early where the server ends them. Throws a `GraphError`. Ends when the signal is aborted.
 */
export async function* receive<Page extends LogPlaceFragment>(
  client: Client,
  request: { shape: PageShape<Page>; variables: LogVariables },
  signal: AbortSignal,
): AsyncGenerator<Page, void, undefined> {
  const { shape } = request;
  const inbox = new Inbox<Page>({
    maxSize: maxWaitingChars,
    join: (older, newer) =>
      older.nextOffset === newer.offset &&
      shape.lines(older).length + shape.lines(newer).length <= maxJoinedLines
        ? shape.join(older, newer)
        : null,
  });
  // A client that reconnects by itself sends the variables again, as they are then.
  const variables = { ...request.variables };
  const unsubscribe = client.subscribe<{ logStream: Page }>(
    { query: shape.stream, variables },
    {
      next({ data, errors }) {
        if (!data || errors) return inbox.end(toGraphError(errors));
        const page = data.logStream;
        variables.offset = page.nextOffset;
        if (!inbox.put(page, sizeOf(shape.lines(page)))) unsubscribe();
      },
      error: (error) => inbox.end(toGraphError(error)),
      complete: () => inbox.end(),
    },
  );
  // A client may retry for a long time with a token that was refused, so the refusal ends the pages at once.
  const unlisten = client.on('closed', (event) => {
    const error = toGraphError(event);
    if (error.definitive) inbox.end(error);
  });
  try {
    yield* inbox.items(signal);
  } finally {
    unlisten();
    unsubscribe();
  }
}

function sizeOf(lines: readonly string[]): number {
  let size = pageChars;
  for (const line of lines) size += line.length;
  return size;
}
