import { expect, test } from 'vitest';
import type { Provider, ProviderHealth } from '../../src/core/provider.ts';
import { Providers } from '../../src/jobs/providers.ts';
import { jobTimes } from '../../src/jobs/times.ts';
import { ProviderWatch } from '../../src/jobs/watch/provider-watch.ts';

/** A provider that is as the test says, and counts who asks. */
function fakeProvider(name: string) {
  const fake = {
    asked: 0,
    status: 'UP' as ProviderHealth['status'],
    recipes: ['default'],
    answer: Promise.resolve(),
  };
  const provider: Partial<Provider> = {
    name,
    recipes: () => fake.recipes,
    health: async () => {
      fake.asked += 1;
      await fake.answer;
      return { status: fake.status, message: null, checkedAt: Date.now(), latencyMs: 1 };
    },
  };
  return { fake, provider: provider as Provider };
}

function watchOver(...providers: Provider[]) {
  return new ProviderWatch(new Providers(providers, { ...jobTimes, healthFreshMs: 5 }));
}

test('a provider comes when it is known, and again when its health or its recipes change', async () => {
  const { fake, provider } = fakeProvider('box');
  const watch = watchOver(provider).all();
  expect((await watch.next()).value).toBe('box');
  const coming = watch.next();
  const before = fake.asked;
  await expect.poll(() => fake.asked).toBeGreaterThan(before + 2);
  fake.status = 'DOWN';
  expect((await coming).value).toBe('box');
  fake.recipes = ['default', 'lora'];
  expect((await watch.next()).value).toBe('box');
  await watch.return();
});

test('one that does not answer delays no other, nor the end', async () => {
  const slow = fakeProvider('slow');
  const quick = fakeProvider('quick');
  const { promise, resolve } = Promise.withResolvers<void>();
  slow.fake.answer = promise;
  const watch = watchOver(slow.provider, quick.provider).all();
  expect((await watch.next()).value).toBe('quick');
  quick.fake.status = 'DEGRADED';
  expect((await watch.next()).value).toBe('quick');
  await watch.return();
  resolve();
});

test('all who watch share what is asked, and nobody is asked once they have left', async () => {
  const { fake, provider } = fakeProvider('box');
  const all = new ProviderWatch(new Providers([provider]));
  const watches = Array.from({ length: 20 }, () => all.all());
  for (const { value } of await Promise.all(watches.map((watch) => watch.next()))) {
    expect(value).toBe('box');
  }
  expect(fake.asked).toBe(1);
  const coming = watches.map((watch) => watch.next());
  await Promise.all(watches.map((watch) => watch.return()));
  for (const { done } of await Promise.all(coming)) expect(done).toBe(true);
});
