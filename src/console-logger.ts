import { type Logger, pino } from 'pino';

/** Opens a logger to standard output. It writes lines for people to a terminal, and JSON to anything else. */
export async function openConsoleLogger(options: { name: string; level: string }): Promise<Logger> {
  if (!process.stdout.isTTY) return pino(options);
  const { default: pretty } = await import('pino-pretty');
  return pino(
    options,
    pretty({ singleLine: true, ignore: 'pid,hostname,name', translateTime: 'SYS:HH:MM:ss' }),
  );
}
