import { createServer, type Server } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { messageOf, TrainyardError } from '../core/errors.ts';
import { type Recipe, recipeFacts } from '../core/recipe.ts';
import { closeServer, listen } from '../lib/system/http-server.ts';
import type { Logger } from '../lib/system/logger.ts';
import { isLoopback } from '../lib/system/loopback.ts';
import { makeFolder } from '../lib/system/make-folder.ts';
import { type DiskSpace, readSpace as readSpaceOf } from './disk/free-space.ts';
import { lockFolder } from './disk/lock.ts';
import { EventStreams } from './http/event-streams.ts';
import { createRoutes } from './http/routes.ts';
import { Jobs } from './jobs/jobs.ts';
import { jobEnvironment } from './process/environment.ts';
import { createGpuReader } from './process/gpus.ts';

const maxConnections = 1024;
const closeMs = 500;

export interface TrainerOptions {
  host: string;
  /** 0 means any free port. */
  port: number;
  dataDir: string;
  /** Required to listen beyond loopback. */
  apiKey: string | null;
  /** How many jobs run at a time. */
  concurrency: number;
  /** Jobs are held while less is free on the disk; 5 % of the disk at most. 256 by default; 0 means never. */
  diskReserveMb?: number | undefined;
  /** Reads the room on the disk. By default the system says it. */
  readSpace?: ((folder: string) => Promise<DiskSpace>) | undefined;
  recipes: Readonly<Record<string, Recipe>>;
  /** The folder where a recipe's relative working folder and relative data sets start. */
  recipeBase: string;
  /** The server's environment. Jobs get its harmless part. */
  baseEnv: NodeJS.ProcessEnv;
  /** The Node that runs the jobs' runners; this one by default. */
  nodePath?: string | undefined;
  /** The time from a cancel to SIGKILL; 10 s by default. */
  graceMs?: number | undefined;
  /** The time between two signs of life on a silent event stream; 15 s by default. */
  heartbeatMs?: number | undefined;
  logger: Pick<Logger, 'info' | 'warn' | 'error'>;
}

export interface Trainer {
  url: string;
  /** How many of its jobs run and wait. */
  readonly load: { running: number; queued: number };
  /** Stops serving. Running jobs go on, and the next server adopts them. */
  close(): Promise<void>;
}

/**
 * Opens a training server: it takes its data folder, adopts the jobs of an earlier server, and
 * listens. Fails if another server uses the folder, if the port is taken, or if other machines could
 * reach it without a key. The error is one line that says what to do.
 */
export async function openTrainer(options: TrainerOptions): Promise<Trainer> {
  const { host, port, dataDir, apiKey, recipes, baseEnv, logger } = options;
  const loopback = isLoopback(host);
  if (!loopback && !apiKey) {
    const message = `the training server does not listen on ${host} without an API key: set one, or listen on 127.0.0.1`;
    throw new TrainyardError('BAD_USER_INPUT', message);
  }
  await using opened = new AsyncDisposableStack();
  makeFolder(dataDir);
  opened.use(lockFolder(dataDir));
  const { graceMs = 10_000, heartbeatMs = 15_000, nodePath = process.execPath } = options;
  const { diskReserveMb = 256, readSpace = readSpaceOf } = options;
  const disk = { reserveBytes: diskReserveMb * 1024 * 1024, readSpace };
  const jobs = opened.adopt(await Jobs.open({ ...options, ...disk, graceMs, nodePath }), (it) =>
    it.close(),
  );
  const streams = opened.adopt(new EventStreams({ jobs, heartbeatMs, logger }), (it) => it.close());
  const app = createRoutes({
    jobs,
    streams,
    gpus: createGpuReader(jobEnvironment(baseEnv)),
    recipes: recipeFacts(recipes),
    apiKey: apiKey || null,
    loopback,
    logger,
  });
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  const server = opened.adopt(createTimedServer(listener), (it) =>
    closeServer(it, { endStreams: () => streams.close(), closeMs }),
  );
  const url = await listenOr(server, { host, port });
  const closing = opened.move();
  return {
    url,
    get load() {
      return { running: jobs.running().length, queued: jobs.queued().length };
    },
    close: () => closing.disposeAsync(),
  };
}

function createTimedServer(listener: ReturnType<typeof getRequestListener>): Server {
  const limits = {
    headersTimeout: 10_000,
    requestTimeout: 30_000,
    connectionsCheckingInterval: 5_000,
  };
  const server = createServer(limits, (request, response) => {
    void listener(request, response);
  });
  server.maxConnections = maxConnections;
  return server;
}

async function listenOr(server: Server, where: { host: string; port: number }): Promise<string> {
  try {
    return await listen(server, where);
  } catch (cause) {
    const message = `the training server cannot listen on ${where.host}:${where.port}: ${messageOf(cause)}`;
    throw new TrainyardError('CONFLICT', message, { cause });
  }
}
