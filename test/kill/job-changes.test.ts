import { setTimeout } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { deploy, graphql, serverSentEvents } from '../support/clients.ts';
import { openQueueingServer, type QueueingServer } from '../support/dialects/queueing-server.ts';
import { dialectDefaults } from '../support/dialects/script.ts';
import { openFolder } from '../support/folder.ts';
import { startServer } from '../support/server-process.ts';

const rounds = 4;
/** So few jobs that one page lists all of them. */
const jobsPerRound = 10;

test(`whoever resumes jobChanged misses no change and no deletion through ${rounds} kills of the server`, async () => {
  await using folder = await openFolder();
  const box = await openQueueingServer();
  await using _box = { [Symbol.asyncDispose]: () => box.server.close() };
  const env = { TRAINYARD_DATA_DIR: folder.path, TRAINING_SERVER_URL: box.server.url };
  const follower = new Follower();
  /** What callers were told is done; more may have been done when a server was killed. */
  const done = { deployed: new Set<string>(), deleted: new Set<string>() };

  for (let round = 0; round < rounds; round += 1) {
    await using server = await startServer({ env });
    const before = done.deleted.size;
    if (round === 0) done.deployed.add(await deploy(server.url, { config: dialectDefaults }));
    // Leaves with the first change, which may be one of many that came together, and resumes behind it. Before the
    // first one nothing is deleted: a watch begins with the jobs that there are.
    await follower.read(server.url, { atMost: 1 });
    const acting = act({ url: server.url, box, done });
    const reading = follower.read(server.url);
    await expect.poll(() => done.deleted.size).toBeGreaterThan(before);
    await server.end('SIGKILL');
    await Promise.all([acting, reading]);
    await whileItIsGone(folder.path, { follower, done });
  }

  await using server = await startServer({ env });
  const reading = follower.read(server.url);
  for (const job of box.jobs.values()) job.finish('completed');
  const knownAndListed = async () => {
    const listed: Known[] = await list(server.url);
    return { known: [...follower.jobs.values()].sort(byId), listed: listed.sort(byId) };
  };
  await expect
    .poll(knownAndListed)
    .toSatisfy(
      ({ known, listed }: Awaited<ReturnType<typeof knownAndListed>>) =>
        isDeepStrictEqual(known, listed) && known.every(({ status }) => status === 'COMPLETED'),
    );
  // Of a job that it never saw it may hear last of all.
  const untold = () => [...done.deleted].filter((id) => !follower.deleted.has(id));
  await expect.poll(untold).toEqual([]);
  await server.end('SIGKILL');
  await reading;
  const told = new Set([...follower.jobs.keys(), ...follower.deleted]);
  expect([...done.deployed].filter((id) => !told.has(id))).toEqual([]);
}, 120_000);

interface Done {
  deployed: Set<string>;
  deleted: Set<string>;
}

interface Known {
  id: string;
  status: string;
  stale: boolean;
  updatedAt: string;
}

const fields = 'id status stale updatedAt';

/** A client that knows of jobs only what changes tell. */
class Follower {
  readonly jobs = new Map<string, Known>();
  readonly deleted = new Set<string>();
  /** The jobs that were told of behind each cursor at which it resumed. */
  readonly resumed: { after: string; ids: Set<string> }[] = [];
  #cursor: string | null = null;

  /** Reads on behind the last change that was read, until the server is gone or so many changes came. */
  async read(url: string, { atMost = Number.POSITIVE_INFINITY } = {}): Promise<void> {
    const after = this.#cursor;
    const ids = new Set<string>();
    if (after !== null) this.resumed.push({ after, ids });
    const last = new Map<string, string>();
    const query = `subscription ($after: String) { jobChanged(after: $after) {
      ... on JobSaved { cursor job { ${fields} } } ... on JobDeleted { cursor deletedJobId } } }`;
    let count = 0;
    await untilGone(async () => {
      for await (const { data, errors } of serverSentEvents(url, query, { after })) {
        expect(errors ?? []).toEqual([]);
        const { cursor, job, deletedJobId } = data.jobChanged;
        const id: string = job?.id ?? deletedJobId;
        expect(Number(cursor)).toBeGreaterThanOrEqual(Number(this.#cursor));
        expect(last.get(id), 'told once').not.toBe('deleted');
        this.#cursor = cursor;
        ids.add(id);
        last.set(id, job ? 'saved' : 'deleted');
        if (job) this.jobs.set(id, job);
        else this.jobs.delete(id);
        if (!job) this.deleted.add(id);
        count += 1;
        if (count >= atMost) return;
      }
    });
  }
}

/** Deploys jobs, ends half of them and deletes what is over, until the server is gone. */
async function act({ url, box, done }: { url: string; box: QueueingServer; done: Done }) {
  const remove = 'mutation ($id: ID!) { deleteJob(input: { jobId: $id }) { deletedJobId } }';
  await untilGone(async () => {
    for (let turn = 0; ; turn += 1) {
      if (turn < jobsPerRound) done.deployed.add(await deploy(url, { config: dialectDefaults }));
      for (const [n, job] of [...box.jobs.values()].entries()) {
        if (n % 2 === 0 && !job.isOver) job.finish('completed');
      }
      const over = (await list(url)).filter(({ status }) => status === 'COMPLETED');
      for (const { id } of over.slice(-3)) {
        const { data } = await graphql(url, remove, { id });
        if (data) done.deleted.add(id);
      }
      await setTimeout(10);
    }
  });
}

/** Changes and deletes jobs as another server of the store would, and checks what was told up to now. */
async function whileItIsGone(
  dataDir: string,
  { follower, done }: { follower: Follower; done: Done },
): Promise<void> {
  const store = await openSqliteStore({ dataDir });
  for (const { after, ids } of follower.resumed.splice(0)) {
    const { changes, isWhole } = await store.jobs.changes(Number(after));
    expect(isWhole).toBe(true);
    const due = new Set(changes.map(({ jobId }) => jobId));
    expect(
      [...ids].filter((id) => !due.has(id)),
      'told although nothing changed',
    ).toEqual([]);
  }
  const { jobs } = await store.jobs.list({ limit: 200, filter: {} });
  for (const [n, { id }] of jobs.entries()) {
    if (n % 3 > 0) await store.jobs.update(id, (now) => ({ stale: !now.stale }));
    else if (n % 6 === 0 && (await store.jobs.delete(id))) done.deleted.add(id);
  }
  await store.close();
}

async function list(url: string): Promise<Known[]> {
  const query = `{ jobs(first: 100) { edges { node { ${fields} } } } }`;
  const { data } = await graphql(url, query);
  return data.jobs.edges.map(({ node }: { node: Known }) => node);
}

function byId(a: Known, b: Known): number {
  return a.id.localeCompare(b.id);
}

/** What is under way when a server is killed fails with fetch's TypeError. */
async function untilGone(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const isCut = error instanceof TypeError && /^(fetch failed|terminated)$/.test(error.message);
    if (!isCut) throw error;
  }
}
