import { type Asked, DialectServer, type Reply } from './http.ts';
import { integer, naive, ScriptedJob, unprocessable } from './script.ts';

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
 * negative offset gives nonsense, refusals are `{detail}`, and its event loop stands still while it
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
    for (const field of ['execution_id', 'user_id', 'access_token', 'job_token']) {
      if (typeof Object(body)[field] === 'string') continue;
      return unprocessable(['body', field], 'field required', 'value_error.missing');
    }
    for (const field of ['model', 'tokenizer', 'training', 'data']) {
      if (Object(config)[field] !== undefined) continue;
      return unprocessable(['body', 'config', field], 'field required', 'value_error.missing');
    }
    if (config?.epochs < 1) return refused(500, 'epochs must be at least 1');
    jobs.set(id, new ScriptedJob(id, config));
    executions.set(id, (executions.get(id) ?? 0) + 1);
    return { status: 200, body: { job_id: id, success: true } };
  };

  const list = (): Reply => {
    const each = [...jobs.values()].map(({ id, status }) => ({ job_id: id, status }));
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
  const limit = integer(query, 'limit', 100);
  const offset = integer(query, 'offset', 0);
  if (limit === null || offset === null) {
    return unprocessable(['query'], 'value is not a valid integer', 'type_error.integer');
  }
  // A negative offset is sliced as Python does it, which skips or repeats lines.
  return { status: 200, body: { logs: job.lines.slice(offset).slice(0, limit) } };
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
