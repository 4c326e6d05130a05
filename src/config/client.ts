import { quote } from '../lib/text/quote.ts';
import { ConfigError } from './config-error.ts';

/** The server that a command talks to. */
export interface ClientSettings {
  /** The server's address without a slash at its end, such as `http://127.0.0.1:4000`. */
  url: string;
  token: string | null;
}

const defaultUrl = 'http://127.0.0.1:4000';

/**
 * Reads the settings from the options, or else from TRAINYARD_URL and TRAINYARD_TOKEN. A URL may name the server or
 * its `/graphql`. Throws `ConfigError`. It uses no schema library, so that commands start quickly.
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
      `${name} holds a character that no token has, such as a space or a line break`,
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
