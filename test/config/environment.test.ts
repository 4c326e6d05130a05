import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/config/config-error.ts';
import { parseEnvironment } from '../../src/config/environment.ts';

function refusal(environment: Record<string, string>): string {
  try {
    parseEnvironment(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return 'accepted';
}

describe('a wrong variable is told in one line with its name, its value and what is allowed', () => {
  const wrong: [string, string, RegExp][] = [
    ['HOST', 'no host', /127\.0\.0\.1/],
    ['HOST', '10.0.0.0/8', /127\.0\.0\.1/],
    ['PORT', 'http', /0 to 65535/],
    ['PORT', '65536', /0 to 65535/],
    ['PORT', '-1', /0 to 65535/],
    ['PORT', ' ', /0 to 65535/],
    ['PORT', '0x50', /0 to 65535/],
    ['PORT', '1e3', /0 to 65535/],
    ['PORT', '40\n00', /0 to 65535/],
    ['TRAINER_PORT', '99999', /0 to 65535/],
    ['TRAINER_HOST', 'a b', /127\.0\.0\.1/],
    ['TRAINER_CONCURRENCY', '0', /1 to 1024/],
    ['TRAINER_CONCURRENCY', '1.5', /1 to 1024/],
    ['LOG_LEVEL', 'loud', /trace, debug, info, warn, error, fatal, silent/],
    ['TRAINING_SERVER_URL', 'box:4100', /http:\/\/127/],
    ['TRAINING_SERVER_URL', 'ftp://box', /http:\/\/127/],
    ['RUNPOD_API_URL', 'nowhere', /http:\/\/127/],
  ];
  test.each(wrong)('%s=%j', (name, value, allowed) => {
    const said = refusal({ [name]: value });
    expect(said).toMatch(new RegExp(`^${name} is `));
    expect(said).toContain(JSON.stringify(value));
    expect(said).toMatch(allowed);
    expect(said).not.toContain('\n');
  });

  const hidden: [string, string][] = [
    ['TRAINYARD_TOKENS', 'my secret'],
    ['TRAINYARD_TOKENS', ' , '],
    ['TRAINING_SERVER_API_KEY', 'my\nsecret'],
    ['TRAINER_API_KEY', 'my sécret'],
    ['RUNPOD_API_KEY', 'my secret'],
    ['TRAINING_SERVER_URL', 'http://me:secret@box:4100'],
    ['RUNPOD_API_URL', 'secret@nowhere'],
  ];
  test.each(hidden)('%s, whose value is hidden', (name, value) => {
    const said = refusal({ [name]: value });
    expect(said).toMatch(new RegExp(`^${name} is \\(hidden\\): it must .+\\.$`));
  });
});

test('takes an empty variable for an absent one, and leaves other variables alone', () => {
  const { PORT, HOST, TRAINYARD_TOKENS } = parseEnvironment({
    PORT: '',
    HOST: '',
    TRAINYARD_TOKENS: '',
    OTHER: ' ',
  });
  expect({ PORT, HOST, TRAINYARD_TOKENS }).toEqual({
    PORT: 4000,
    HOST: '127.0.0.1',
    TRAINYARD_TOKENS: [],
  });
});

test('reads tokens, and addresses as they are written in URLs', () => {
  const { HOST, TRAINYARD_TOKENS } = parseEnvironment({ HOST: '[::1]', TRAINYARD_TOKENS: 'a, b,' });
  expect({ HOST, TRAINYARD_TOKENS }).toEqual({ HOST: '::1', TRAINYARD_TOKENS: ['a', 'b'] });
});
