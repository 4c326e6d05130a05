import { expect, test } from 'vitest';
import { Turns } from '../../src/lib/async/turns.ts';
import { Pace } from '../../src/logs/read/pace.ts';
import { Inbox } from '../../src/server/sockets/inbox.ts';

function openSocket(isOpen = true) {
  return {
    OPEN: 1 as const,
    readyState: isOpen ? (1 as const) : (3 as const),
    isPaused: false,
    pause() {
      this.isPaused = true;
    },
    resume() {
      this.isPaused = false;
    },
  };
}

const idle = () => new Promise((resolve) => setTimeout(resolve, 20));

test('messages that come all at once are taken one a turn, and others are served between', async () => {
  const turns = new Turns();
  const order: string[] = [];
  const take = (message: string) => {
    order.push(message);
  };
  const inbox = new Inbox({ socket: openSocket(), pace: new Pace(turns), take });
  const other = new Inbox({ socket: openSocket(), pace: new Pace(turns), take });
  for (let n = 0; n < 90; n += 1) inbox.add(`${n}`);
  other.add('other');
  await expect.poll(() => order.length).toBe(91);
  expect(order.indexOf('other')).toBeLessThan(3);
  expect(order.filter((message) => message !== 'other')).toEqual(
    Array.from({ length: 90 }, (_, n) => `${n}`),
  );
});

test('a socket is not read while many of its messages wait', async () => {
  const socket = openSocket();
  let taken = 0;
  const take = () => {
    taken += 1;
  };
  const inbox = new Inbox({ socket, pace: new Pace(new Turns()), take });
  for (let n = 0; n < 30; n += 1) inbox.add('x');
  expect(socket.isPaused).toBe(true);
  await expect.poll(() => taken).toBe(30);
  await expect.poll(() => socket.isPaused).toBe(false);
});

test('what waits when a socket closes is not taken', async () => {
  let taken = 0;
  const take = () => {
    taken += 1;
  };
  const inbox = new Inbox({ socket: openSocket(false), pace: new Pace(new Turns()), take });
  for (let n = 0; n < 5; n += 1) inbox.add('x');
  await idle();
  expect(taken).toBe(0);
});
