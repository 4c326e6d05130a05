import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import packageJson from '../../package.json' with { type: 'json' };
import { codeOf, type ErrorCode, messageOf, TrainyardError } from '../core/errors.ts';
import type { Logger } from '../lib/logger.ts';
import { waitMs } from '../lib/wait.ts';
import { isoTime, metricsAnswer, queueAnswer, statusAnswer } from './answers.ts';
import type { EventStreams } from './event-streams.ts';
import type { Gpu } from './gpus.ts';
import { createKeyCheck, refusal, refuseBrowsers } from './guard.ts';
import type { JobLog } from './job-log.ts';
import type { Jobs } from './jobs.ts';
import {
  parseCancelQuery,
  parseExecute,
  parseJobsQuery,
  parseLastEventId,
  parseLogQuery,
  parseStreamQuery,
} from './request.ts';

/** A request's body; a data set may come inside of it. */
const maxBodyBytes = 16 * 1024 * 1024;
/** The text of one page of a log, in UTF-16 units. */
const maxPageChars = 8 * 1024 * 1024;
/** How long an answer waits for a log that is still being read; it tells of what is known then. */
const maxCatchUpMs = 1000;

export interface RouteOptions {
  jobs: Jobs;
  streams: EventStreams;
  gpus: () => Promise<Gpu[]>;
  recipes: readonly string[];
  apiKey: string | null;
  /** Listens where no other machine can reach it. */
  loopback: boolean;
  logger: Pick<Logger, 'error'>;
}

/** The training server's HTTP interface, ready to be served. */
export function createRoutes(options: RouteOptions): Hono {
  const { jobs, streams, gpus, recipes, logger } = options;
  const hasKey = createKeyCheck(options.apiKey);
  const app = new Hono();

  app.use(refuseBrowsers({ loopback: options.loopback }));

  app.get('/health', async (c) => {
    const known = { status: 'ok', service: 'trainyard-trainer' };
    if (!hasKey(c)) return c.json(known);
    const [running, queued] = [jobs.running().length, jobs.queued().length];
    const { version } = packageJson;
    return c.json({ ...known, version, running, queued, gpus: await gpus(), recipes });
  });

  app.use(async (c, next) => {
    if (hasKey(c)) return await next();
    return refusal(c, 401, 'UNAUTHENTICATED', 'the API key is missing or wrong');
  });

  const limitBody = bodyLimit({
    maxSize: maxBodyBytes,
    onError: (c) =>
      refusal(c, 413, 'BAD_USER_INPUT', `a body of over ${maxBodyBytes} bytes is refused`),
  });

  app.post('/api/training/execute', limitBody, async (c) => {
    const record = await jobs.accept(parseExecute(await readJson(c.req.text())));
    const position = jobs.position(record.id);
    const message =
      position === null ? `the job is ${record.status}` : `the job is queued at ${position}`;
    return c.json({ job_id: record.id, status: record.status, queue_position: position, message });
  });

  app.get('/api/training/status/:id', async (c) => {
    const id = c.req.param('id');
    using held = await jobs.log(id);
    await catchUp(held.log);
    return c.json(statusAnswer(jobs.get(id), held.log, jobs.position(id)));
  });

  app.get('/api/training/logs/:id', async (c) => {
    const id = c.req.param('id');
    const { limit, offset: asked } = parseLogQuery(c.req.query());
    using held = await jobs.log(id);
    await catchUp(held.log);
    const total = held.log.total;
    const offset = asked < 0 ? Math.max(0, total + asked) : asked;
    const page = { offset, maxLines: limit, maxChars: maxPageChars };
    const { lines } = await held.log.read(page);
    return c.json({ job_id: id, logs: lines, total_lines: total, offset, limit });
  });

  app.get('/api/training/logs/:id/stream', async (c) => {
    const id = c.req.param('id');
    const { offset: asked } = parseStreamQuery(c.req.query());
    const lastEventId = c.req.header('last-event-id');
    using held = await jobs.log(id);
    const start = lastEventId === undefined ? asked : parseLastEventId(lastEventId);
    if (start < 0) await catchUp(held.log);
    const offset = start < 0 ? Math.max(0, held.log.total + start) : start;
    return streams.open(id, offset);
  });

  app.post('/api/training/cancel/:id', async (c) => {
    const id = c.req.param('id');
    const { status } = await jobs.cancel(id, parseCancelQuery(c.req.query()));
    const message = status === 'queued' ? 'the job is cancelled' : 'the job is asked to end';
    return c.json({ success: true, job_id: id, previous_status: status, message });
  });

  app.post('/api/training/pause/:id', async (c) => {
    const { id, status } = await jobs.pause(c.req.param('id'));
    return c.json({
      success: true,
      job_id: id,
      previous_status: status,
      message: 'the job is paused',
    });
  });

  // A paused job goes on where it stopped: `checkpoint_path`, which others need, changes nothing.
  app.post('/api/training/resume/:id', async (c) => {
    const { id, status } = await jobs.resume(c.req.param('id'));
    return c.json({
      success: true,
      job_id: id,
      previous_status: status,
      message: 'the job goes on',
    });
  });

  app.post('/api/training/:id/force-start', async (c) => {
    const { id, status } = await jobs.forceStart(c.req.param('id'));
    const changed = { previous_status: status, new_status: jobs.get(id).status };
    return c.json({ success: true, job_id: id, ...changed, queue_position: jobs.position(id) });
  });

  app.get('/api/training/metrics/:id', async (c) => {
    const id = c.req.param('id');
    using held = await jobs.log(id);
    await catchUp(held.log);
    return c.json(metricsAnswer(jobs.get(id), held.log));
  });

  app.get('/api/training/queue', (c) => c.json(queueAnswer(jobs.running(), jobs.queued())));

  app.get('/api/training/jobs', async (c) => {
    const { limit } = parseJobsQuery(c.req.query());
    const newest = jobs.all().slice(-limit).reverse();
    return c.json({
      jobs: newest.map((record) => {
        const { step, totalSteps } = jobs.steps(record.id);
        return {
          job_id: record.id,
          name: record.name,
          status: record.status,
          started_at: isoTime(record.startedAt),
          current_step: step,
          total_steps: totalSteps,
        };
      }),
    });
  });

  app.notFound((c) => refusal(c, 404, 'NOT_FOUND', `there is no ${c.req.method} ${c.req.path}`));

  app.onError((error, c) => {
    const code = codeOf(error);
    if (!(error instanceof TrainyardError)) {
      logger.error({ path: c.req.path, error: messageOf(error) }, 'a request failed');
      if (isNoRoom(error)) {
        return refusal(
          c,
          503,
          'STORE_UNAVAILABLE',
          `the data folder cannot be written: ${error.message}`,
        );
      }
      return refusal(c, 500, code, 'something failed in the training server; its log says what');
    }
    const { previousStatus } = error.details;
    if (previousStatus === undefined) return refusal(c, httpStatus[code], code, error.message);
    const known = { success: false, previous_status: previousStatus, message: error.message };
    return c.json({ ...known, error: error.message, code }, httpStatus[code]);
  });

  return app;
}

const httpStatus = {
  NOT_FOUND: 404,
  BAD_USER_INPUT: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  CONFLICT: 409,
  PROVIDER_UNAVAILABLE: 503,
  PROVIDER_REJECTED: 400,
  RATE_LIMITED: 429,
  STORE_UNAVAILABLE: 503,
  INTERNAL: 500,
} as const satisfies Record<ErrorCode, number>;

function isNoRoom(error: Error): boolean {
  return 'code' in error && ['ENOSPC', 'EDQUOT', 'EROFS', 'EMFILE'].includes(String(error.code));
}

async function readJson(body: Promise<string>): Promise<unknown> {
  const text = await body;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new TrainyardError('BAD_USER_INPUT', 'the body is not JSON', { cause });
  }
}

async function catchUp(log: JobLog): Promise<void> {
  if (log.complete) return;
  const waiting = new AbortController();
  const late = waitMs(maxCatchUpMs, waiting.signal);
  await Promise.race([log.advance(), late]).finally(() => waiting.abort());
}
