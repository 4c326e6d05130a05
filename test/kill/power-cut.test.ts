import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ConfiguredProvider } from '../../src/config/providers.ts';
import { openLocalProvider } from '../../src/providers/local/provider.ts';
import { openRunPodProvider } from '../../src/providers/runpod/provider.ts';
import { openTrainer } from '../../src/trainer/trainer.ts';
import { apiKey, bashRecipe, quickTimes } from '../providers/runpod/yard.ts';
import { openTestApp, type TestApp } from '../support/app.ts';
import { deploy, graphql } from '../support/clients.ts';
import { openObedientJobs } from '../support/dialects/obedient-jobs.ts';
import { openQueueingServer } from '../support/dialects/queueing-server.ts';
import { dialectDefaults } from '../support/dialects/script.ts';
import { openFolder } from '../support/folder.ts';
import { LogCapture } from '../support/log-capture.ts';
import { openRunPodStandIn } from '../support/runpod/server.ts';

let stack: AsyncDisposableStack;
beforeEach(() => {
  stack = new AsyncDisposableStack();
});
afterEach(() => stack.disposeAsync());

/** Where one job runs, and what makes it print `line N` for each number up to `count`, and then end. */
interface Place {
  provider: ConfiguredProvider;
  printUpTo(jobId: string, count: number): Promise<void>;
  end(jobId: string): Promise<void>;
}

test.each([
  ['of Trainyard', openOwn],
  ['that has pages alone', openPaged],
  ['in a pod', openPod],
])(
  'what a power cut takes of a log is fetched again, the same under the same numbers: a source %s',
  async (_, openPlace) => {
    const place = await openPlace();
    const { path: dataDir } = stack.use(await openFolder());
    const open = async () =>
      stack.use(await openTestApp({ dataDir, embeddedTrainer: null, providers: [place.provider] }));
    const app = await open();
    const id = await deploy(app.url, { provider: 'box' });
    await place.printUpTo(id, 30);
    await expect.poll(async () => (await logOf(app, id)).lines.at(-1)).toBe('line 29');
    // What is on the disk at this moment; all that comes after it is lost with the power.
    const onDisk = copyOf(dataDir);
    await place.printUpTo(id, 2000);
    await expect.poll(async () => (await logOf(app, id)).lines.at(-1)).toBe('line 1999');
    const served = (await logOf(app, id)).lines;
    await app.close();
    const path = join(dataDir, 'trainyard.db');
    for (const name of [`${path}-wal`, `${path}-shm`]) await rm(name, { force: true });
    await writeFile(path, onDisk);

    const again = await open();
    await place.end(id);
    await expect.poll(async () => (await logOf(again, id)).complete).toBe(true);
    const { lines, gaps } = await logOf(again, id);
    expect(lines.slice(0, served.length)).toEqual(served);
    expect(gaps).toEqual([]);
  },
);

async function logOf({ url }: TestApp, id: string) {
  const query = '($id: ID!) { logs(jobId: $id, limit: 5000) { lines complete gaps { reason } } }';
  const log = (await graphql(url, `query ${query}`, { id })).data.logs;
  return log as { lines: string[]; complete: boolean; gaps: unknown[] };
}

function copyOf(dataDir: string): Buffer {
  const db = new Sqlite(join(dataDir, 'trainyard.db'), { readonly: true });
  const copy = db.serialize();
  db.close();
  return copy;
}

const numbered = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, n) => `line ${from + n}`);

async function openOwn(): Promise<Place> {
  const { path: dataDir } = stack.use(await openFolder());
  const jobs = stack.adopt(await openObedientJobs(), (it) => it.close());
  const trainer = stack.adopt(
    await openTrainer({
      host: '127.0.0.1',
      port: 0,
      dataDir,
      apiKey: null,
      concurrency: 1,
      recipes: { default: { command: jobs.command } },
      recipeBase: dataDir,
      baseEnv: process.env,
      logger: new LogCapture().logger,
    }),
    (it) => it.close(),
  );
  let printed = 0;
  return {
    provider: local(trainer.url),
    async printUpTo(id, count) {
      (await jobs.job(id))({ print: numbered(printed, count) });
      printed = count;
    },
    end: async (id) => (await jobs.job(id))({ exit: 0 }),
  };
}

async function openPaged(): Promise<Place> {
  const { server, jobs } = await openQueueingServer();
  stack.defer(() => server.close());
  let printed = 0;
  return {
    provider: local(server.url),
    async printUpTo(id, count) {
      jobs.get(id)?.emit(numbered(printed, count));
      printed = count;
    },
    end: async (id) => jobs.get(id)?.finish('completed', { exitCode: 0 }),
  };
}

function local(url: string): ConfiguredProvider {
  const options = { name: 'box', url, apiKey: null, recipes: null };
  return {
    name: 'box',
    open: async () => openLocalProvider({ ...options, defaultsOf: () => dialectDefaults }),
  };
}

async function openPod(): Promise<Place> {
  const standIn = stack.adopt(
    await openRunPodStandIn({
      apiKey,
      provisionMs: 1,
      startMs: 1,
      rateLimit: { perMinute: 100_000 },
    }),
    (it) => it.close(),
  );
  const script = `n=0; orders=$HOME/workspace
    for to in 30 2000 end; do
      until [ -e "$orders/$to" ]; do sleep 0.02; done
      [ $to = end ] || while [ $n -lt $to ]; do echo "line $n"; n=$((n + 1)); done
    done`;
  const order = async (word: string) => {
    await standIn.until(() => standIn.pods()[0]?.status === 'RUNNING');
    await writeFile(`${standIn.pods()[0]?.directory}/workspace/${word}`, '');
  };
  return {
    provider: {
      name: 'box',
      open: async () =>
        openRunPodProvider({
          name: 'box',
          url: standIn.url,
          apiKey,
          keyName: 'RUNPOD_API_KEY',
          recipes: { default: bashRecipe(script) },
          recipeBase: process.cwd(),
          pollMs: 50,
          graceSeconds: 30,
          times: quickTimes,
        }),
    },
    printUpTo: (_id, count) => order(String(count)),
    end: () => order('end'),
  };
}
