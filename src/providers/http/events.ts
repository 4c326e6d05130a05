import { createParser, type EventSourceMessage } from 'eventsource-parser';

/** A longer event is refused: no batch of lines comes near it. */
const maxEventChars = 16 * 1024 * 1024;

/** The events of a byte stream one by one, as `eventBatchesOf` has them. */
export async function* eventsOf(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<EventSourceMessage, void> {
  for await (const batch of eventBatchesOf(chunks)) yield* batch;
}

/**
 * The events in a byte stream, those that came together in one batch, each as soon as its blank line
 * has come; half an event at the end is dropped. Reads on only when the events so far were taken.
 * Throws where an event is too long.
 */
export async function* eventBatchesOf(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<EventSourceMessage[], void> {
  const decoder = new TextDecoder();
  let events: EventSourceMessage[] = [];
  let overflow: Error | null = null;
  const parser = createParser({
    maxBufferSize: maxEventChars,
    onEvent: (event) => events.push(event),
    onError: (error) => {
      if (error.type === 'max-buffer-size-exceeded') overflow = error;
    },
  });
  for await (const chunk of chunks) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    const batch = events;
    events = [];
    if (batch.length > 0) yield batch;
    if (overflow !== null) throw overflow;
  }
}
