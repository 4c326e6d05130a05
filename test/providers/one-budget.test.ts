import { expect, onTestFinished, test } from 'vitest';
import { codeOf } from '../../src/core/errors.ts';
import type { OpenedProvider } from '../../src/core/provider-kind.ts';
import { openLocalProvider } from '../../src/providers/local/provider.ts';
import { openRunPodProvider } from '../../src/providers/runpod/provider.ts';
import { openQueueingServer } from '../support/dialects/queueing-server.ts';
import { openRunPodStandIn } from '../support/runpod/server.ts';
import { jobOf } from './follow.ts';
import { bashRecipe } from './runpod/yard.ts';

const { signal } = new AbortController();

interface Account {
  /** A provider of this account; another key makes it one of another account. */
  open(name: string, apiKey?: string): OpenedProvider;
  /** Refuses the next call for an hour. */
  refuseOnce(): void;
  calls(): number;
}

test.each([
  ['a training server', openBox],
  ['RunPod', openRunPod],
])(
  'providers with one key at %s are silent together when one is told to be',
  async (_, openAccount) => {
    const account = await openAccount();
    const [one, other, stranger] = [
      account.open('one'),
      account.open('other'),
      account.open('stranger', 'another key'),
    ];
    account.refuseOnce();
    const find = (provider: OpenedProvider) =>
      provider.find(jobOf('job-a'), signal).then(() => 'found out', codeOf);
    expect(await find(one)).toBe('RATE_LIMITED');
    const calls = account.calls();
    expect(await find(other)).toBe('RATE_LIMITED');
    expect(await find(one)).toBe('RATE_LIMITED');
    expect(account.calls()).toBe(calls);
    expect(await find(stranger)).not.toBe('RATE_LIMITED');
    expect(account.calls()).toBeGreaterThan(calls);
    // Nobody remembers it when all of them are closed.
    await Promise.all([one.close(), one.close(), other.close()]);
    expect(await find(account.open('one'))).toBe('found out');
  },
);

async function openBox(): Promise<Account> {
  const { server } = await openQueueingServer({ apiKey: 'key' });
  onTestFinished(() => server.close());
  return {
    open: (name, apiKey = 'key') =>
      closed(openLocalProvider({ name, url: server.url, apiKey, recipes: null })),
    refuseOnce() {
      const headers = { 'retry-after': '3600' };
      server.fail({ on: /./, times: 1, act: { status: 429, body: null, headers } });
    },
    calls: () => server.calls.length,
  };
}

async function openRunPod(): Promise<Account> {
  const standIn = await openRunPodStandIn({ apiKey: 'key', rateLimit: { perMinute: 100_000 } });
  onTestFinished(() => standIn.close());
  const recipes = { default: bashRecipe('true') };
  return {
    open: (name, apiKey = 'key') =>
      closed(
        openRunPodProvider({
          name,
          url: standIn.url,
          apiKey,
          keyName: 'RUNPOD_API_KEY',
          recipes,
          recipeBase: process.cwd(),
        }),
      ),
    refuseOnce: () => void standIn.faults.next('GET /v2/pods', { status: 429, retryAfter: 3600 }),
    calls: () => standIn.requests.length,
  };
}

function closed<P extends OpenedProvider>(provider: P): P {
  onTestFinished(() => provider.close());
  return provider;
}
