import { setTimeout as delay } from 'node:timers/promises';
import { type Asked, DialectServer, type Reply } from './http.ts';
import { complaintOf, naive, pageOf, ScriptedJob } from './script.ts';

export interface QueueingServer {
  server: DialectServer;
  jobs: Map<string, ScriptedJob>;
  /** How often each id was executed. */
  executions: Map<string, number>;
}

/** Within this time the server's own monitor overwrites the status of a job that was cancelled. */
const monitorMs = 50;

/**
 * Dialect A of the training server's contract, as it was observed: an unknown job's log is empty, a
 * negative offset means the last lines, executing an id again overwrites the job, and a cancel that
 * was accepted is overwritten by the server's own monitor. Serves the calls that a provider makes.
 */
export async function openQueueingServer(
  options: { apiKey?: string } = {},
): Promise<QueueingServer> {
  const jobs = new Map<string, ScriptedJob>();
  const executions = new Map<string, number>();

  const route = (asked: Asked): Reply => {
    const { method, path } = asked;
    const [, call, id] = /^\/api\/training\/(\w+)(?:\/([^/]+))?$/.exec(path) ?? [];
    if (path === '/health') return { status: 200, body: health };
    if (method === 'POST' && call === 'execute') return execute(asked);
    if (method === 'POST' && call === 'cancel' && id !== undefined) return cancel(id);
    if (method === 'GET' && call === 'logs' && id !== undefined) return logs(id, asked.query);
    const job = jobs.get(id ?? '');
    if (method === 'GET' && call === 'status' && job !== undefined) return status(job);
    if (method === 'GET' && call === 'status') return refused(404, `Job ${id} not found`);
    return refused(404, 'Not Found');
  };

  const execute = ({ body }: Asked): Reply => {
    const { execution_id: id, config } = Object(body);
    const complaint = complaintOf(body, ['user_id']);
    if (complaint) return complaint;
    for (const [part, field] of [
      ['model', 'name'],
      ['training', 'method'],
    ] as const) {
      if (typeof Object(config[part])[field] === 'string') continue;
      return refused(400, `Invalid config: ${part}.${field} is required`);
    }
    if (config.epochs < 1) return refused(400, 'Invalid config: epochs must be at least 1');
    jobs.set(id, new ScriptedJob(id, config));
    executions.set(id, (executions.get(id) ?? 0) + 1);
    return { status: 200, body: { job_id: id, status: 'queued', message: 'Job queued' } };
  };

  const cancel = (id: string): Reply => {
    const job = jobs.get(id);
    if (job === undefined || job.isOver) {
      return { status: 400, body: { success: false, message: `Cannot cancel job ${id}` } };
    }
    const previous = job.status;
    job.finish('cancelled');
    void delay(monitorMs, undefined, { ref: false }).then(() =>
      job.finish('failed', { error: 'Process exited with code -15', exitCode: -15 }),
    );
    const body = { success: true, job_id: id, previous_status: previous, message: 'Cancelled' };
    return { status: 200, body };
  };

  const logs = (id: string, query: URLSearchParams): Reply => {
    const asked = pageOf(query);
    if ('status' in asked) return asked;
    const { limit, offset } = asked;
    const lines = jobs.get(id)?.lines ?? [];
    const page = offset < 0 ? lines.slice(-limit) : lines.slice(offset, offset + limit);
    const body = { job_id: id, logs: page, total_lines: lines.length, offset, limit };
    return { status: 200, body: jobs.has(id) ? body : { ...body, message: 'No logs available' } };
  };

  const server = await DialectServer.open(route, options);
  return { server, jobs, executions };
}

const health = {
  status: 'healthy',
  service: 'training-api',
  version: '1.0.0',
  gpu_available: true,
  gpu_info: 'NVIDIA GeForce RTX 4090, 24564 MiB',
};

function refused(status: number, detail: string): Reply {
  return { status, body: { detail } };
}

/** 41 keys; times have no zone. */
function status(job: ScriptedJob): Reply {
  const nothing = Object.fromEntries(emptyKeys.map((key) => [key, null]));
  const body = {
    ...nothing,
    job_id: job.id,
    name: 'run',
    status: job.status,
    config: job.config,
    progress: 12.5,
    current_step: 10,
    total_steps: 80,
    current_epoch: 1,
    total_epochs: 0,
    loss: 0.75,
    queue_position: 0,
    error_message: job.error,
    exit_code: job.exitCode,
    created_at: naive(job.createdAt),
    started_at: naive(job.createdAt),
    completed_at: naive(job.finishedAt),
    updated_at: naive(new Date()),
  };
  return { status: 200, body };
}

const emptyKeys = [
  'user_id',
  'dataset_path',
  'output_path',
  'checkpoint_path',
  'eval_loss',
  'best_loss',
  'learning_rate',
  'grad_norm',
  'elapsed_seconds',
  'remaining_seconds',
  'samples_per_second',
  'tokens_per_second',
  'gpu_index',
  'gpu_memory_used',
  'gpu_memory_total',
  'gpu_utilization',
  'gpu_temperature',
  'process_id',
  'priority',
  'paused_at',
  'resumed_at',
  'cancelled_at',
  'retry_count',
  'job_token',
];
