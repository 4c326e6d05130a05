import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type PodLine, Rejoin } from '../../../src/providers/runpod/log/rejoin.ts';

const second = Date.UTC(2026, 5, 1);

/** The nth event, ten to the millisecond, with ids as RunPod's example has them. */
function event(n: number): PodLine {
  const ts = new Date(second + Math.floor(n / 10)).toISOString();
  return { id: `${ts}/${n}`, ts, source: 'container', line: `line ${n}` };
}

function events(from: number, to: number): PodLine[] {
  return Array.from({ length: to - from }, (_, index) => event(from + index));
}

const lines = (fresh: { events: readonly PodLine[] }) => fresh.events.map(({ line }) => line);

describe('a stream that is resumed', () => {
  test('lets every event through once, wherever it was cut and wherever before that it begins again', () => {
    const cut = fc.record({ after: fc.nat(60), rewind: fc.nat(40), crash: fc.boolean() });
    fc.assert(
      fc.property(fc.array(cut, { maxLength: 6 }), (cuts) => {
        let rejoin = new Rejoin(null);
        const got: string[] = [];
        let at = 0;
        for (const { after, rewind, crash } of cuts) {
          for (const lot of [events(at, at + after), []]) got.push(...lines(rejoin.take(lot)));
          const read = Math.max(got.length, at + after);
          if (crash) rejoin = new Rejoin(rejoin.newest);
          rejoin.resume();
          // At or before the newest event that was read, as it is asked for.
          at = Math.max(0, read - 1 - rewind);
        }
        const last = rejoin.take(events(at, 500));
        expect(last.hole).toBe(false);
        expect([...got, ...lines(last)]).toEqual(lines({ events: events(0, 500) }));
      }),
    );
  });

  test('knows an event again that is sent twice', () => {
    const rejoin = new Rejoin(null);
    const twice = events(0, 50).flatMap((one) => [one, one]);
    expect(lines(rejoin.take(twice))).toEqual(lines({ events: events(0, 50) }));
  });

  test('reports a hole where the newest event does not come again', () => {
    const rejoin = new Rejoin(null);
    rejoin.take(events(0, 20));
    rejoin.resume();
    const fresh = rejoin.take(events(40, 45));
    expect(fresh.hole).toBe(true);
    expect(lines(fresh)).toEqual(lines({ events: events(40, 45) }));
    expect(rejoin.take(events(45, 46)).hole).toBe(false);
  });

  test('holds back what may have been read before only until nothing more comes', () => {
    const rejoin = new Rejoin(null);
    rejoin.take(events(0, 15));
    rejoin.resume();
    expect(lines(rejoin.take(events(16, 18)))).toEqual([]);
    const fresh = rejoin.settle();
    expect(lines(fresh)).toEqual(['line 16', 'line 17']);
    expect(fresh.hole).toBe(true);
  });

  test('counts where ids are no more than times', () => {
    const ts = new Date(second).toISOString();
    const same = (line: string): PodLine => ({ id: ts, ts, source: 'container', line });
    const before = { ...event(0), id: 'before' };
    const rejoin = new Rejoin(null);
    rejoin.take([before, same('a'), same('a'), same('b')]);
    const resumed = new Rejoin(rejoin.newest);
    resumed.resume();
    expect(resumed.newest?.before).toBe('before');
    const fresh = resumed.take([same('a'), same('a'), same('b'), same('b'), same('c')]);
    expect(fresh).toMatchObject({ hole: false });
    expect(lines(fresh)).toEqual(['b', 'c']);
  });
});

describe('an event that is no line with a time', () => {
  const keepalive = (id: string | null) => ({ id, line: null });
  const plain = (line: string, id: string | null = null): PodLine => {
    return { id, ts: null, source: 'container', line };
  };

  test('moves on where reading may begin again, until the next line', () => {
    const rejoin = new Rejoin(null);
    rejoin.take([...events(0, 3), keepalive('later')]);
    expect(rejoin.kept).toBe('later');
    expect(rejoin.newest?.id).toBe(event(2).id);
    rejoin.take([keepalive(null)]);
    expect(rejoin.kept).toBe('later');
    rejoin.take(events(3, 4));
    expect(rejoin.kept).toBeNull();
  });

  test('does not move it past lines that may come with the same id', () => {
    const rejoin = new Rejoin(null);
    rejoin.take([...events(0, 3), keepalive(event(2).id)]);
    expect(rejoin.kept).toBeNull();
  });

  test('leaves no hole where the stream then begins right after it', () => {
    const rejoin = new Rejoin(null);
    rejoin.take([...events(0, 20), keepalive('later')]);
    const resumed = new Rejoin(rejoin.newest, rejoin.kept);
    resumed.resume({ isExact: true });
    const fresh = resumed.take(events(30, 35));
    expect(fresh.hole).toBe(false);
    expect(lines(fresh)).toEqual(lines({ events: events(30, 35) }));
  });

  test('repeats nothing where the stream begins earlier all the same', () => {
    const resumed = new Rejoin(
      { ...event(19), id: event(19).id ?? '', ts: event(19).ts ?? '', repeat: 1, before: null },
      'later',
    );
    resumed.resume({ isExact: true });
    expect(lines(resumed.take(events(5, 25)))).toEqual(lines({ events: events(20, 25) }));
  });

  test('gives each of its lines, equal ones too, and one of the same id once', () => {
    const rejoin = new Rejoin(null);
    rejoin.take(events(0, 2));
    const fresh = rejoin.take([plain('a'), plain('a'), plain('b', 'x'), plain('b', 'x'), event(2)]);
    expect(lines(fresh)).toEqual(['a', 'a', 'b', 'line 2']);
  });
});
