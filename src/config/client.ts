import { quote } from '../lib/text/quote.ts';
import { ConfigError } from './config-error.ts';

/** Which server a client speaks to, and how it shows who it is. */
export interface ClientSettings {
  /** Without a slash at its end: `http://127.0.0.1:4000`. */
  url: string;
  token: string | null;
}

const defaultUrl = 'http://127.0.0.1:4000';

/**
 * What a client is told by its options, else by TRAINYARD_URL and TRAINYARD_TOKEN. A URL may name the
 * server or its `/graphql`. Throws `ConfigError`. Needs no schema library: a command starts quickly.
 */
export function readClientSettings(
  options: { url?: string | undefined; token?: string | undefined },
  environment: NodeJS.ProcessEnv,
): ClientSettings {
  const url = options.url
    ? serverUrl(options.url, '--url')
    : serverUrl(environment.TRAINYARD_URL || defaultUrl, 'TRAINYARD_URL');
  const token = options.token || environment.TRAINYARD_TOKEN || null;
  if (token !== null && !/^[\x21-\x7e]+$/.test(token)) {
    const name = options.token ? '--token' : 'TRAINYARD_TOKEN';
    throw new ConfigError(
      `${name} holds a character that no token has: a space or a line break, say`,
    );
  }
  return { url, token };
}

function serverUrl(value: string, name: string): string {
  const url = URL.parse(value);
  if (url && /^https?:$/.test(url.protocol)) {
    return `${url.origin}${url.pathname.replace(/\/(graphql\/?)?$/, '')}`;
  }
  throw new ConfigError(
    `${name} is ${quote(value)}: it must be the http(s) URL of a Trainyard server, such as ${defaultUrl}`,
  );
}
