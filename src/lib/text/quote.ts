/** The most of a foreign text that an error repeats, in UTF-16 units. */
const maxQuoted = 200;

/** A text that somebody sent, in quotation marks, for an error's message: its beginning, where it is long. */
export function quote(text: string): string {
  return JSON.stringify(text.length <= maxQuoted ? text : `${text.slice(0, maxQuoted - 1)}…`);
}

/** A message that quotes what somebody sent, without its middle where it is long. */
export function shortened(message: string): string {
  if (message.length <= maxQuoted) return message;
  return `${message.slice(0, maxQuoted - 80)} … ${message.slice(-77)}`;
}
