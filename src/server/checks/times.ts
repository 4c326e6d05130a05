/** How long the server waits for whom, in milliseconds. */
export interface ServerTimes {
  /** For the headers of a request, and for a new connection to say anything at all. */
  headersMs: number;
  /** For a whole request. */
  requestMs: number;
  /** Between two looks for connections that are too slow. */
  checkMs: number;
  /** Between two pings of a WebSocket; one that has not answered by the next is ended. */
  pingMs: number;
  /** For whatever is under way to end, when the server closes. */
  closeMs: number;
}

export const defaultTimes: ServerTimes = {
  headersMs: 10_000,
  requestMs: 30_000,
  checkMs: 5000,
  pingMs: 12_000,
  closeMs: 2000,
};
