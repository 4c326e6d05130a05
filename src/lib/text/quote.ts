/** How much of a text that somebody sent an error repeats at most, in UTF-16 units. */
const maxQuoted = 200;

/** Quotes a text that somebody sent, for an error's message; only its beginning where it is long. */
export function quote(text: string): string {
  return JSON.stringify(text.length <= maxQuoted ? text : `${text.slice(0, maxQuoted - 1)}…`);
}

/** Shortens a message that quotes what somebody sent: a long one loses its middle. */
export function shortened(message: string): string {
  if (message.length <= maxQuoted) return message;
  return `${message.slice(0, maxQuoted - 80)} … ${message.slice(-77)}`;
}
