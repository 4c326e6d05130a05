import { expect, test } from 'vitest';
import { readClientSettings } from '../../src/config/client.ts';

test('a token that no header can hold is refused, and never shown', () => {
  const token = 'secret\nsecret';
  for (const settings of [
    () => readClientSettings({ token }, {}),
    () => readClientSettings({}, { TRAINYARD_TOKEN: token }),
  ]) {
    expect(settings).toThrow(/^(--token|TRAINYARD_TOKEN) holds a character that no token has/);
    expect(settings).not.toThrow('secret');
  }
  expect(readClientSettings({}, { TRAINYARD_TOKEN: 'fine' }).token).toBe('fine');
});
