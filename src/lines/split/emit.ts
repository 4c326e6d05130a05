/**
 * Receives one line. `end` is the byte position just after it and its terminator; `continued` says
 * that the next line goes on with this one, which was too long. A splitter that is opened with
 * `{ position: end, continued }` gives exactly the lines that follow.
 */
export type LineEmit = (text: string, end: number, continued: boolean) => void;
