import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import type { Recipe } from '../../../src/core/recipe.ts';
import { openTrainer, type TrainerOptions } from '../../../src/trainer/trainer.ts';

/** What the shell reads as a job, in the recipe `default`: `config.script`. */
export const shell: Recipe = { command: ['sh', '-c', '{config.script}'] };

export const quiet = { info: () => {}, warn: () => {}, error: () => {} };

export interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: a test says itself what it expects of a body
  body: any;
}

export interface StreamEvent {
  id: string | undefined;
  event: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  data: any;
}

/** Speaks to one training server. */
export class TrainerClient {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  async get(route: string, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(this.url + route, { headers });
    return { status: response.status, body: await response.json() };
  }

  async post(route: string, body?: unknown): Promise<Answer> {
    const init = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(this.url + route, { method: 'POST', ...init });
    return { status: response.status, body: await response.json() };
  }

  /** Deploys a shell script as a job. */
  async run(id: string, script: string, more: object = {}): Promise<void> {
    const answer = await this.post('/api/training/execute', {
      execution_id: id,
      config: { script, model_name: 'tiny' },
      ...more,
    });
    if (answer.status !== 200) throw new Error(JSON.stringify(answer));
  }

  async status(id: string): Promise<Answer['body']> {
    return (await this.get(`/api/training/status/${id}`)).body;
  }

  /** The events of a job's log until the `end` event, or until the reader leaves. */
  async *events(
    id: string,
    options: { query?: string; headers?: Record<string, string> } = {},
  ): AsyncGenerator<StreamEvent> {
    const leaving = new AbortController();
    const route = `/api/training/logs/${id}/stream${options.query ?? ''}`;
    const response = await fetch(this.url + route, {
      headers: options.headers ?? {},
      signal: leaving.signal,
    });
    if (!response.ok || response.body === null) throw new Error(await response.text());
    const events = response.body
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new EventSourceParserStream());
    try {
      for await (const { id, event, data } of events) {
        yield { id, event, data: JSON.parse(data) };
        if (event === 'end') return;
      }
    } finally {
      leaving.abort();
    }
  }

  /** All lines, once the job is over, and how it ended. */
  async over(id: string): Promise<{ lines: string[]; end: Answer['body'] }> {
    const lines: string[] = [];
    for await (const { event, data } of this.events(id)) {
      if (event === 'end') return { lines, end: data };
      if (event === undefined) for (const line of data.lines) lines.push(line);
    }
    throw new Error(`the stream of ${id} ended without saying how`);
  }

  /** Resolves when the job has printed a line that contains the text. */
  async printed(id: string, text: string): Promise<string> {
    for await (const { data } of this.events(id)) {
      const line = data.lines?.find((candidate: string) => candidate.includes(text));
      if (line !== undefined) return line;
    }
    throw new Error(`job ${id} never printed ${text}`);
  }
}

export interface TestTrainer extends AsyncDisposable {
  client: TrainerClient;
  dataDir: string;
  /** Closes the server and opens another one on the same folder. */
  restart(meanwhile?: () => Promise<void>): Promise<TrainerClient>;
}

/** An embedded server on a folder of its own; every job is ended with it. */
export async function startTrainer(options: Partial<TrainerOptions> = {}): Promise<TestTrainer> {
  const dataDir = options.dataDir ?? (await temporaryFolder());
  const all: TrainerOptions = {
    host: '127.0.0.1',
    port: 0,
    dataDir,
    apiKey: null,
    concurrency: 1,
    recipes: { default: shell },
    recipeBase: dataDir,
    baseEnv: process.env,
    logger: quiet,
    ...options,
  };
  const removeFolder = async () => {
    if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
  };
  let trainer = await openTrainer(all).catch(async (error: unknown) => {
    await removeFolder();
    throw error;
  });
  const test: TestTrainer = {
    client: new TrainerClient(trainer.url),
    dataDir,
    restart: async (meanwhile) => {
      await trainer.close();
      await meanwhile?.();
      trainer = await openTrainer(all);
      test.client = new TrainerClient(trainer.url);
      return test.client;
    },
    [Symbol.asyncDispose]: async () => {
      if (all.apiKey === null) await endAll(test.client);
      await trainer.close();
      await removeFolder();
    },
  };
  return test;
}

export function temporaryFolder(): Promise<string> {
  return mkdtemp(path.join(tmpdir(), 'trainyard-trainer-'));
}

/** Ends every job and waits until it is over. */
export async function endAll(client: TrainerClient): Promise<void> {
  const { body } = await client.get('/api/training/jobs?limit=5000');
  const live = body.jobs.filter((job: { status: string }) =>
    ['queued', 'running', 'paused'].includes(job.status),
  );
  for (const job of live.reverse()) {
    await client.post(`/api/training/cancel/${job.job_id}?force=true`);
  }
  for (const job of live) await client.over(job.job_id);
}
