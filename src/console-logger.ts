import { type Logger, pino } from 'pino';

/** A logger to standard output: a person in front of a terminal reads lines, a program JSON. */
export async function openConsoleLogger(options: { name: string; level: string }): Promise<Logger> {
  if (!process.stdout.isTTY) return pino(options);
  const { default: pretty } = await import('pino-pretty');
  return pino(
    options,
    pretty({ singleLine: true, ignore: 'pid,hostname,name', translateTime: 'SYS:HH:MM:ss' }),
  );
}
