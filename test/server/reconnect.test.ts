import { expect, test } from 'vitest';
import { openLocalProvider } from '../../src/providers/local/provider.ts';
import { openTestApp } from '../support/app.ts';
import { deploy, graphql } from '../support/clients.ts';
import { openQueueingServer } from '../support/dialects/queueing-server.ts';
import { dialectDefaults } from '../support/dialects/script.ts';
import { heldMiB } from '../support/memory.ts';
import { openRawSocket } from '../support/raw-graph-socket.ts';

const sockets = 100;
const viewersEach = 100;
const query = `subscription ($job: ID!, $offset: Int) {
  logStream(jobId: $job, offset: $offset) { offset lines nextOffset complete }
}`;
const numbered = (first: number, count: number) =>
  Array.from({ length: count }, (_, n) => `line ${first + n}`);

test('ten thousand viewers who reconnect at once each go on after their last line, and cost one reader', async () => {
  await using stack = new AsyncDisposableStack();
  const box = await openQueueingServer();
  stack.defer(() => box.server.close());
  const options = { name: 'box', url: box.server.url, apiKey: null, recipes: null };
  const open = async () => openLocalProvider({ ...options, defaultsOf: () => dialectDefaults });
  const app = stack.use(
    await openTestApp({ embeddedTrainer: null, providers: [{ name: 'box', open }] }),
  );
  const job = await deploy(app.url, { provider: 'box' });
  const running = box.jobs.get(job);
  running?.emit(numbered(0, 100));
  const stored = async () =>
    (await graphql(app.url, `{ logs(jobId: "${job}") { total } }`)).data.logs.total;
  await expect.poll(stored).toBe(100);

  /** Connects all at once, each from its own line on; resolves to them when `enough` holds of each. */
  const connect = (from: (viewer: number) => number, isEnough: (viewer: Viewer) => boolean) =>
    Promise.all(
      Array.from({ length: sockets }, async (_, socket) => {
        const raw = await openRawSocket(app.url, { keeps: false });
        const first = socket * viewersEach;
        const viewers = Array.from({ length: viewersEach }, (_, n) => ({
          from: from(first + n),
          next: from(first + n),
          complete: false,
        }));
        const enough = Promise.withResolvers<void>();
        let left = viewersEach;
        raw.socket.on('message', (data) => {
          const { type, id, payload } = JSON.parse(String(data));
          if (type === 'error') enough.reject(new Error(String(data)));
          const viewer = viewers[Number(id)];
          if (type !== 'next' || !viewer) return;
          const page = payload.data.logStream;
          const was = isEnough(viewer);
          const { length } = page.lines;
          const isDue =
            page.offset === viewer.next &&
            page.nextOffset === viewer.next + length &&
            (length === 0 || page.lines[0] === `line ${viewer.next}`) &&
            (length === 0 || page.lines.at(-1) === `line ${page.nextOffset - 1}`);
          if (!isDue) enough.reject(new Error(`${data} came where line ${viewer.next} was due`));
          viewer.next = page.nextOffset;
          viewer.complete = page.complete;
          if (!was && isEnough(viewer)) left -= 1;
          if (left === 0) enough.resolve();
        });
        for (const [id, { from: offset }] of viewers.entries()) {
          raw.say({
            type: 'subscribe',
            id: `${id}`,
            payload: { query, variables: { job, offset } },
          });
        }
        await enough.promise;
        return { raw, viewers };
      }),
    );

  const atRest = heldMiB();

  const first = await connect(
    () => 0,
    ({ next }) => next === 100,
  );

  const calls = box.server.calls.length;
  for (const { raw } of first) raw.socket.terminate();
  running?.emit(numbered(100, 200));
  running?.finish('completed', { exitCode: 0 });
  // Each has seen another line last.
  const again = await connect(
    (viewer) => viewer % 101,
    ({ complete }) => complete,
  );

  expect(again.flatMap(({ viewers }) => viewers).every(({ next }) => next === 300)).toBe(true);
  // What one job's log and status took, and not what ten thousand viewers did.
  expect(box.server.calls.length - calls).toBeLessThan(200);
  for (const { raw } of again) raw.socket.terminate();
  await expect.poll(() => heldMiB() - atRest, { timeout: 60_000 }).toBeLessThan(40);
}, 240_000);

interface Viewer {
  from: number;
  next: number;
  complete: boolean;
}
