import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import packageJson from '../../../package.json' with { type: 'json' };
import { TrainyardError } from '../../core/errors.ts';
import type { RecipeFacts } from '../../core/recipe.ts';
import type { Logger } from '../../lib/system/logger.ts';
import { parseExactJson } from '../../lib/text/exact-json.ts';
import { isOver } from '../disk/record.ts';
import type { Job } from '../jobs/job.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { JobLog } from '../log/job-log.ts';
import type { HeldLog } from '../log/open-logs.ts';
import type { Gpu } from '../process/gpus.ts';
import { UsageReader } from '../process/usage.ts';
import {
  gapsAnswer,
  jobAnswer,
  metricsAnswer,
  queueAnswer,
  recipesAnswer,
  statusAnswer,
  usageAnswer,
} from './answers.ts';
import { createErrorHandler, refuse } from './error-answer.ts';
import type { EventStreams } from './event-streams.ts';
import { createKeyCheck, refuseBrowsers } from './guard.ts';
import { outputsAnswer, sendOutput } from './outputs.ts';
import {
  parseCancelQuery,
  parseExecute,
  parseJobsQuery,
  parseLastEventId,
  parseLogQuery,
  parseOutputsQuery,
  parseStreamQuery,
} from './request.ts';

/** The longest body of a request. It may hold a data set. */
const maxBodyBytes = 16 * 1024 * 1024;
/** The most text on one page of a log, in UTF-16 units. */
const maxPageChars = 8 * 1024 * 1024;
/** How long an answer waits for the newest lines of a running job, and for a log that must be read first. */
const maxCatchUpMs = 250;
const maxOpenMs = 5000;

export interface RouteOptions {
  jobs: Jobs;
  streams: EventStreams;
  gpus: () => Promise<Gpu[]>;
  recipes: readonly RecipeFacts[];
  apiKey: string | null;
  /** True if the server listens where no other machine can reach it. */
  loopback: boolean;
  logger: Pick<Logger, 'error'>;
}

/** The training server's HTTP interface, ready to be served. */
export function createRoutes(options: RouteOptions): Hono {
  const { jobs, streams, gpus, recipes, logger } = options;
  const usage = new UsageReader({ gpus });
  const hasKey = createKeyCheck(options.apiKey);
  const app = new Hono();

  app.use(refuseBrowsers({ loopback: options.loopback }));

  app.get('/health', async (c) => {
    const { lack } = jobs.disk;
    const known = { status: lack === null ? 'ok' : 'degraded', service: 'trainyard-trainer' };
    if (!hasKey(c)) {
      // Without a key a caller learns only that the server lives. With a wrong key it must learn that.
      return c.req.header('authorization') === undefined ? c.json(known) : refuseKey(c);
    }
    const [running, queued] = [jobs.running().length, jobs.queued().length];
    const load = {
      version: packageJson.version,
      running,
      queued,
      gpus: await gpus(),
      ...recipesAnswer(recipes),
    };
    return c.json({ ...known, ...load, ...(lack === null ? {} : { message: lack }) });
  });

  app.use(async (c, next) => (hasKey(c) ? await next() : refuseKey(c)));

  const limitBody = bodyLimit({
    maxSize: maxBodyBytes,
    onError: (c) => {
      c.header('connection', 'close'); // nobody reads the rest of the body
      return refuse(c, 413, 'BAD_USER_INPUT', `a body of over ${maxBodyBytes} bytes is refused`);
    },
  });

  app.post('/api/training/execute', limitBody, async (c) => {
    const record = await jobs.accept(parseExecute(await readJson(c.req.text())));
    const position = jobs.position(record.id);
    const message =
      position === null ? `the job is ${record.status}` : `the job is queued at ${position}`;
    return c.json({ job_id: record.id, status: record.status, queue_position: position, message });
  });

  app.get('/api/training/status/:id', async (c) => {
    const job = jobs.get(c.req.param('id'));
    using held = await openKnownLog(job);
    const used = job.pid === null ? null : await usage.of(job.pid);
    return c.json({ ...statusAnswer(job, held.log, jobs.waitOf(job)), ...usageAnswer(used) });
  });

  app.get('/api/training/metrics/:id', async (c) => {
    const job = jobs.get(c.req.param('id'));
    using held = await openKnownLog(job);
    return c.json(metricsAnswer(job.record, held.log));
  });

  app.get('/api/training/logs/:id', async (c) => {
    const job = jobs.get(c.req.param('id'));
    const { limit, offset: asked } = parseLogQuery(c.req.query(), limitsOf(c));
    using held = await openKnownLog(job);
    const { log } = held;
    const from = fromStart(asked, log);
    const read = await log.read({ offset: from, maxLines: limit, maxChars: maxPageChars });
    const { first: offset, lines: logs } = read;
    const page = { job_id: job.record.id, logs, total_lines: log.total, offset, limit };
    return c.json({ ...page, ...gapsAnswer(log, from, read) });
  });

  app.get('/api/training/logs/:id/stream', async (c) => {
    const job = jobs.get(c.req.param('id'));
    const { offset } = parseStreamQuery(c.req.query());
    const lastEventId = c.req.header('last-event-id');
    const asked = lastEventId === undefined ? offset : parseLastEventId(lastEventId);
    using held = await openKnownLog(job);
    return streams.open(job.record.id, fromStart(asked, held.log));
  });

  app.get('/api/training/outputs/:id', async (c) =>
    c.json(await outputsAnswer(jobs.get(c.req.param('id')), parseOutputsQuery(c.req.query()))),
  );

  app.get('/api/training/outputs/:id/:path{.+}', async (c) =>
    sendOutput(c, jobs.get(c.req.param('id')), c.req.param('path')),
  );

  app.post('/api/training/cancel/:id', async (c) => {
    const { id, status } = await jobs.cancel(c.req.param('id'), parseCancelQuery(c.req.query()));
    const message = status === 'queued' ? 'the job is cancelled' : 'the job is asked to end';
    return c.json({ success: true, job_id: id, previous_status: status, message });
  });

  app.post('/api/training/pause/:id', async (c) => {
    const { id, status } = await jobs.get(c.req.param('id')).pause();
    const message = 'the job is paused';
    return c.json({ success: true, job_id: id, previous_status: status, message });
  });

  // A paused job goes on where it stopped, so it needs no `checkpoint_path`, as other servers do.
  app.post('/api/training/resume/:id', async (c) => {
    const { id, status } = await jobs.get(c.req.param('id')).resume();
    const message = 'the job goes on';
    return c.json({ success: true, job_id: id, previous_status: status, message });
  });

  app.post('/api/training/:id/force-start', async (c) => {
    const { id, status } = await jobs.forceStart(c.req.param('id'));
    const now = { new_status: jobs.get(id).record.status, queue_position: jobs.position(id) };
    return c.json({ success: true, job_id: id, previous_status: status, ...now });
  });

  app.get('/api/training/queue', (c) => c.json(queueAnswer(jobs.running(), jobs.queued())));

  app.get('/api/training/jobs', (c) => {
    const { limit } = parseJobsQuery(c.req.query(), limitsOf(c));
    return c.json({
      jobs: jobs.newest(limit).map(({ shown, steps }) => jobAnswer(shown, steps)),
    });
  });

  app.notFound((c) => refuse(c, 404, 'NOT_FOUND', `there is no ${c.req.method} ${c.req.path}`));

  app.onError(createErrorHandler(logger));

  return app;
}

function refuseKey(c: Context): Response {
  return refuse(c, 401, 'UNAUTHENTICATED', 'the API key is missing or wrong');
}

/** `strict` if the client says `Prefer: handling=strict` (RFC 7240): it wants an error rather than a smaller page. */
function limitsOf(c: Context): 'strict' | 'lenient' {
  const preferences = c.req.header('prefer') ?? '';
  return /(?:^|[,;\s])handling\s*=\s*"?strict\b/i.test(preferences) ? 'strict' : 'lenient';
}

async function readJson(body: Promise<string>): Promise<unknown> {
  const text = await body;
  try {
    return parseExactJson(text);
  } catch (cause) {
    throw new TrainyardError('BAD_USER_INPUT', 'the body is not JSON', { cause });
  }
}

/** Opens the log and waits a moment for it. The log of a job that is over may have to be read first. */
async function openKnownLog(job: Job): Promise<HeldLog> {
  const held = await job.openLog();
  try {
    await held.log.catchUp(isOver(job.record) ? maxOpenMs : maxCatchUpMs);
    return held;
  } catch (error) {
    held[Symbol.dispose]();
    throw error;
  }
}

/** A negative offset counts from the end. */
function fromStart(offset: number, log: JobLog): number {
  return offset < 0 ? Math.max(0, log.total + offset) : offset;
}
