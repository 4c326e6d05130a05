import { beforeEach, describe, expect, test } from 'vitest';
import { type Asker, Pace } from '../../../src/providers/runpod/api/pace.ts';

const { signal } = new AbortController();

describe("the pace of an account's calls", () => {
  let pace: Pace;
  beforeEach(() => {
    pace = new Pace('runpod');
  });

  /** After how many milliseconds the call may leave. */
  const take = async (asker: Asker) => {
    const begun = performance.now();
    await pace.take(asker, 'do it', signal);
    return performance.now() - begun;
  };
  const limits = (left: number, seconds: number) =>
    pace.heed({ headers: { ratelimit: `"minute";r=${left};t=${seconds}, "hour";r=2800;t=1812` } });

  test('is free while there is plenty left, and where RunPod states no limit', async () => {
    expect(await take('log')).toBeLessThan(1000);
    limits(55, 3600);
    for (let calls = 0; calls < 20; calls += 1) expect(await take('log')).toBeLessThan(1000);
  });

  test('spreads what is left over the rest of the window', async () => {
    limits(15, 1);
    await take('status');
    // Ten calls to spare for a second, then nine for the rest of it.
    expect(await take('status')).toBeGreaterThan(60);
    expect(await take('status')).toBeGreaterThan(60);
  });

  test('leaves the last calls to whoever waits for an answer, and some to status', async () => {
    limits(9, 1);
    const order: Asker[] = [];
    const asked = (['log', 'status', 'caller'] as const).map(async (asker) => {
      await take(asker);
      order.push(asker);
    });
    await Promise.all(asked);
    expect(order.at(-1)).toBe('log');
  });

  test('tells a caller when there is nothing left', async () => {
    limits(0, 12);
    const error = await take('caller').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'RATE_LIMITED' });
    expect(error).toMatchObject({ message: expect.stringContaining('another 12 s') });
  });

  test('lets nobody call while RunPod has asked for silence', async () => {
    pace.quiet(300);
    for (const asker of ['caller', 'status', 'log'] as const) {
      await expect(take(asker)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    }
    await expect.poll(() => take('log').catch(() => null)).not.toBeNull();
  });

  test('ends a wait with its signal', async () => {
    limits(0, 3600);
    const leaving = new AbortController();
    const waiting = pace.take('log', 'do it', leaving.signal);
    leaving.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });
});
