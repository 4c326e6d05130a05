import { type Asked, DialectServer, type Reply } from './http.ts';
import { complaintOf, missing, naive, pageOf, ScriptedJob } from './script.ts';

export interface SmallAgent {
  server: DialectServer;
  jobs: Map<string, ScriptedJob>;
  executions: Map<string, number>;
}

export interface SmallAgentOptions {
  apiKey?: string;
  /** As the real one does: while a job runs, no call is answered. */
  blocking?: boolean;
}

/**
 * Dialect B of the training server's contract, as it was observed: a page of a log has no total, a
 * negative offset is not understood, refusals are `{detail}`, and its event loop stands still while it
 * trains. Serves the calls that a provider makes.
 */
export async function openSmallAgent(options: SmallAgentOptions = {}): Promise<SmallAgent> {
  const jobs = new Map<string, ScriptedJob>();
  const executions = new Map<string, number>();

  const route = async (asked: Asked): Promise<Reply> => {
    if (options.blocking) await Promise.all([...jobs.values()].map((job) => job.over));
    const { method, path } = asked;
    const [, call, id] = /^\/api\/training\/(\w+)(?:\/([^/]+))?$/.exec(path) ?? [];
    if (path === '/health') return { status: 200, body: health(jobs) };
    if (method === 'POST' && call === 'execute') return execute(asked);
    const job = jobs.get(id ?? '');
    if (method === 'POST' && call === 'cancel') return cancel(job);
    if (method === 'GET' && call === 'logs' && job !== undefined) return logs(job, asked.query);
    if (method === 'GET' && call === 'status' && job !== undefined) return status(job);
    if (method === 'GET' && call === 'jobs' && id === undefined) return list();
    return refused(404, id === undefined ? 'Not Found' : 'Job not found');
  };

  const execute = ({ body }: Asked): Reply => {
    const { execution_id: id, config } = Object(body);
    const complaint = complaintOf(body, ['user_id', 'access_token', 'job_token']);
    if (complaint) return complaint;
    for (const field of ['model', 'tokenizer', 'training', 'data']) {
      if ((config[field] ?? null) === null) return missing(['body', 'config', field]);
    }
    if (config?.epochs < 1) return refused(500, 'epochs must be at least 1');
    jobs.set(id, new ScriptedJob(id, config));
    executions.set(id, (executions.get(id) ?? 0) + 1);
    return { status: 200, body: { job_id: id, success: true } };
  };

  const list = (): Reply => {
    const each = [...jobs.values()].map(({ id, status, createdAt }) => {
      const started = { started_at: naive(createdAt), current_step: 0, total_steps: 0 };
      return { job_id: id, status, ...started };
    });
    return { status: 200, body: { jobs: each } };
  };

  const server = await DialectServer.open(route, options);
  return { server, jobs, executions };
}

function health(jobs: Map<string, ScriptedJob>) {
  const active = [...jobs.values()].filter((job) => !job.isOver).length;
  return { status: 'ok', gpu_available: false, gpu_info: {}, active_jobs: active };
}

function cancel(job: ScriptedJob | undefined): Reply {
  if (job === undefined || job.isOver) return refused(400, 'Job not found or not running');
  job.finish('cancelled');
  return { status: 200, body: { success: true } };
}

function logs(job: ScriptedJob, query: URLSearchParams): Reply {
  const asked = pageOf(query);
  if ('status' in asked) return asked;
  const { limit, offset } = asked;
  // The real one skips or repeats lines there, which a test might not notice.
  if (offset < 0) return refused(500, 'Internal Server Error');
  return { status: 200, body: { logs: job.lines.slice(offset, offset + limit) } };
}

function refused(status: number, detail: string): Reply {
  return { status, body: { detail } };
}

/** 16 keys; times have no zone. */
function status(job: ScriptedJob): Reply {
  const body = {
    job_id: job.id,
    name: 'run',
    status: job.status,
    progress: 0,
    current_epoch: 0,
    total_epochs: 3,
    current_step: 0,
    total_steps: 0,
    loss: null,
    learning_rate: null,
    error: job.error,
    started_at: naive(job.createdAt),
    completed_at: naive(job.finishedAt),
    model_path: null,
    dataset_path: null,
    user_id: null,
  };
  return { status: 200, body };
}
