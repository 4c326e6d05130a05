/** How long the server waits, in milliseconds. */
export interface ServerTimes {
  /** For the headers of a request, and for a new connection to say anything at all. */
  headersMs: number;
  /** For a whole request. */
  requestMs: number;
  /** Between two checks for connections that are too slow. */
  checkMs: number;
  /** Between two pings of a WebSocket. A client that has not answered by the next ping is disconnected. */
  pingMs: number;
  /** For running requests to end, when the server closes. */
  closeMs: number;
}

export const defaultTimes: ServerTimes = {
  headersMs: 10_000,
  requestMs: 30_000,
  checkMs: 5000,
  pingMs: 12_000,
  closeMs: 2000,
};
