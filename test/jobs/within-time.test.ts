import { once } from 'node:events';
import { expect, test } from 'vitest';
import { TrainyardError } from '../../src/core/errors.ts';
import { withinTime } from '../../src/jobs/ask/within-time.ts';

test('a provider that takes too long is said to be unavailable, whatever its call throws then', async () => {
  const ask = async (signal: AbortSignal) => {
    await once(signal, 'abort');
    throw signal.reason;
  };
  await expect(withinTime('accept the cancel of job a', ask, 10)).rejects.toMatchObject({
    code: 'PROVIDER_UNAVAILABLE',
    message:
      'The provider did not accept the cancel of job a within 0.01 s; it may still do so. Try again.',
  });
});

test('what it answers in time, or throws, is passed on', async () => {
  expect(await withinTime('answer', async () => 7)).toBe(7);
  const refusal = new TrainyardError('PROVIDER_REJECTED', 'no');
  await expect(withinTime('answer', () => Promise.reject(refusal))).rejects.toBe(refusal);
});
