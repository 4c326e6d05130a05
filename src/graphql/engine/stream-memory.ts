import type { DocumentNode, ExecutionArgs } from 'graphql';

/**
 * The most memory for what open subscriptions were asked with, in bytes: their documents and variables are kept for
 * as long as they are open.
 */
const maxTogether = 192 * 1024 * 1024;
/** One that adds no more than this is never refused: the number of subscriptions bounds these, to 80 MB. */
const maxSmall = 4096;

// As measured, with something to spare: a token with its share of the nodes, and the text or JSON of values.
const bytesPerToken = 320;
const bytesPerChar = 2;
const bytesPerValueChar = 16;
/** Values that nest too deeply to be written count as the largest request. */
const mostChars = 256 * 1024;

/** Counts what open subscriptions hold. Those with the same document share it. */
export class StreamMemory {
  readonly #most: number;
  readonly #documents = new Map<DocumentNode, { bytes: number; streams: number }>();
  #bytes = 0;

  constructor(options: { maxBytes?: number } = {}) {
    this.#most = options.maxBytes ?? maxTogether;
  }

  /** How much is held now, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Counts a subscription until the returned function is called; null where there is no room for it. `sentChars`: see `GraphContext`. */
  hold({ document, variableValues }: ExecutionArgs, sentChars?: number): (() => void) | null {
    const known = this.#documents.get(document);
    const textChars = document.loc?.source.body.length ?? 0;
    const shared = known ?? { bytes: bytesOf(document), streams: 0 };
    const valueChars = sentChars === undefined ? charsOf(variableValues) : sentChars - textChars;
    const own = textChars * bytesPerChar + Math.max(0, valueChars) * bytesPerValueChar;
    const added = own + (known ? 0 : shared.bytes);
    if (added > maxSmall && this.#bytes + added > this.#most) return null;
    this.#documents.set(document, shared);
    shared.streams += 1;
    this.#bytes += added;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      shared.streams -= 1;
      this.#bytes -= own;
      if (shared.streams > 0) return;
      this.#bytes -= shared.bytes;
      this.#documents.delete(document);
    };
  }
}

function bytesOf({ loc }: DocumentNode): number {
  let tokens = 0;
  for (let token = loc?.startToken; token; token = token.next ?? undefined) tokens += 1;
  return tokens * bytesPerToken + (loc?.source.body.length ?? 0) * bytesPerChar;
}

function charsOf(values: object | null | undefined): number {
  try {
    return values ? JSON.stringify(values).length : 0;
  } catch {
    return mostChars;
  }
}
