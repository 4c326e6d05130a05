import { expect, test } from 'vitest';
import { maxPageChars } from '../../src/core/log.ts';
import { PagePool, PageRoom } from '../../src/logs/read/page-room.ts';

test('the pages of one operation share the room of one', () => {
  const room = new PageRoom(new PagePool());
  expect(room.left).toBe(maxPageChars);
  room.take(maxPageChars - 10);
  expect(room.left).toBe(10);
  room.take(100);
  expect(room.left).toBe(0);
});

test('operations that hold too much together are refused until others are answered', () => {
  const pool = new PagePool();
  const rooms: PageRoom[] = [];
  const takeAll = () => {
    for (;;) {
      const room = new PageRoom(pool);
      room.take(maxPageChars);
      rooms.push(room);
    }
  };
  expect(takeAll).toThrow(expect.objectContaining({ code: 'RATE_LIMITED' }));
  expect(rooms.length).toBeLessThan(20);
  rooms.pop()?.release();
  expect(() => new PageRoom(pool).take(maxPageChars)).not.toThrow();
  for (const room of rooms) room.release();
});
