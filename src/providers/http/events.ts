import { createParser, type EventSourceMessage } from 'eventsource-parser';

/** A longer event fails the stream. No batch of lines comes near this. */
const maxEventChars = 16 * 1024 * 1024;

/** The events of `eventBatchesOf` one by one, without those that have no data. */
export async function* eventsOf(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<EventSourceMessage, void> {
  for await (const batch of eventBatchesOf(chunks)) yield* batch.filter(({ data }) => data !== '');
}

/**
 * Parses a byte stream into server-sent events, in batches of those that arrived together. An unfinished event at
 * the end is dropped. An event with only an id is yielded with empty data. Reads on only when the last batch was
 * taken. Throws where an event is longer than 16 Mi UTF-16 units.
 */
export async function* eventBatchesOf(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<EventSourceMessage[], void> {
  const decoder = new TextDecoder();
  let events: EventSourceMessage[] = [];
  let overflow: Error | null = null;
  // The parser reports the id of every event, and then the event itself if it has data.
  let idAlone: string | null = null;
  const settleId = () => {
    if (idAlone !== null) events.push({ id: idAlone, event: undefined, data: '' });
    idAlone = null;
  };
  const parser = createParser({
    maxBufferSize: maxEventChars,
    onId(id) {
      settleId();
      idAlone = id;
    },
    onEvent(event) {
      if (event.id === undefined) settleId();
      idAlone = null;
      events.push(event);
    },
    onError: (error) => {
      if (error.type === 'max-buffer-size-exceeded') overflow = error;
    },
  });
  for await (const chunk of chunks) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    settleId();
    const batch = events;
    events = [];
    if (batch.length > 0) yield batch;
    if (overflow !== null) throw overflow;
  }
}
