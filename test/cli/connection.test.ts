import { GraphError } from '@trainyard/client';
import { afterEach, expect, test, vi } from 'vitest';
import { Connection } from '../../src/cli/server/connection.ts';

afterEach(() => vi.useRealTimers());

const lost = new GraphError('DISCONNECTED', 'gone', { cause: null });

function openConnection() {
  vi.useFakeTimers();
  const remarks: (string | null)[] = [];
  const giveUp = vi.fn();
  const connection = new Connection({ remark: (text) => remarks.push(text) }, giveUp);
  return { connection, remarks, giveUp };
}

test('is lost and found again, and says for how long', () => {
  const { connection, remarks, giveUp } = openConnection();
  connection.found();
  connection.lost(lost, 2000);
  vi.advanceTimersByTime(14 * 60_000);
  connection.lost(lost, 2000);
  connection.found();
  expect(remarks).toEqual([
    'DISCONNECTED: gone Trying again in 2s.',
    'No connection for 14m. Trying again in 2s.',
    null,
  ]);
  expect(giveUp).not.toHaveBeenCalled();
});

test('is given up when it was lost for a quarter of an hour', () => {
  const { connection, giveUp } = openConnection();
  connection.lost(lost, 2000);
  connection.found();
  vi.advanceTimersByTime(20 * 60_000);
  connection.lost(lost, 2000);
  expect(giveUp).not.toHaveBeenCalled();
  vi.advanceTimersByTime(15 * 60_000);
  connection.lost(lost, 2000);
  expect(giveUp).toHaveBeenCalledOnce();
  expect(connection.givenUp).toBe(lost);
});
