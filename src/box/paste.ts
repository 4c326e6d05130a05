import { hostname, networkInterfaces } from 'node:os';
import { isLoopback } from '../lib/system/loopback.ts';

/** What is to be pasted where Trainyard runs, so that it uses a training server: one line for a shell. */
export function lineToPaste({ url, key }: { url: string; key: string | null }): string {
  const settings = [`TRAINING_SERVER_URL=${reachable(url)}`];
  if (key !== null) settings.push(`TRAINING_SERVER_API_KEY=${key}`);
  return `${settings.join(' ')} npm start`;
}

/** Where else this machine may be found than by the name in the line; null where the line names no other machine's. */
export function otherAddresses(url: string): string | null {
  if (isLoopback(new URL(url).hostname.replace(/^\[|\]$/g, ''))) return null;
  const found = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, family }) => !internal && family === 'IPv4')
    .map(({ address }) => address);
  return found.length === 0 ? null : found.join(', ');
}

/** The server's address, with this machine's name in place of "all interfaces", so that other machines can use it. */
function reachable(url: string): string {
  return url.replace(/\/\/(0\.0\.0\.0|\[::\])/, `//${hostname()}`);
}
