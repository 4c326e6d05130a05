import { pino } from 'pino';

/**
 * Says on standard output what whoever started this program should know, whatever LOG_LEVEL is: to a terminal as
 * `text`, to anything else as one line of JSON with `facts` and `message`, as all lines of the log are there.
 */
export function announce({
  name,
  message,
  facts,
  text,
}: {
  name: string;
  message: string;
  facts: object;
  text: string;
}): void {
  if (process.stdout.isTTY) console.log(`\n${text}\n`);
  else pino({ name }).info(facts, message);
}
