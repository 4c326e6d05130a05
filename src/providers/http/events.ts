import { createParser, type EventSourceMessage } from 'eventsource-parser';

/** A longer event is refused: no batch of lines comes near it. */
const maxEventChars = 16 * 1024 * 1024;

/** The events of a byte stream one by one, as `eventBatchesOf` has them; those that only keep it alive are left out. */
export async function* eventsOf(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<EventSourceMessage, void> {
  for await (const batch of eventBatchesOf(chunks)) yield* batch.filter(({ data }) => data !== '');
}

/**
 * The events in a byte stream, those that came together in one batch, each as soon as its blank line
 * has come; half an event at the end is dropped. One that has an id alone comes with empty data, as one
 * whose data is empty. Reads on only when the events so far were taken.
 * Throws where an event is too long.
 */
export async function* eventBatchesOf(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<EventSourceMessage[], void> {
  const decoder = new TextDecoder();
  let events: EventSourceMessage[] = [];
  let overflow: Error | null = null;
  // The parser tells the id of every event, just before the event itself where that has data.
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
