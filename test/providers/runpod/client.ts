import { EventSourceParserStream } from 'eventsource-parser/stream';
import { onTestFinished } from 'vitest';
import type { Pod } from '../../support/runpod/pod.ts';
import {
  openRunPodStandIn,
  type RunPodStandIn,
  type RunPodStandInOptions,
} from '../../support/runpod/server.ts';

interface Answer {
  status: number;
  headers: Headers;
  /** Parsed where it is JSON; null where there is none. */
  body: unknown;
}

/** One event of a log stream. */
export interface StreamedLine {
  id: string;
  ts: string;
  source: string;
  line: string;
}

export interface Account {
  standIn: RunPodStandIn;
  call(call: string, options?: { body?: unknown; key?: string | null }): Promise<Answer>;
  /** Creates a pod with this command, on a GPU that is there. */
  create(args: string, more?: Record<string, unknown>): Promise<Pod>;
  /** Opens a pod's log. */
  openLog(pod: Pod, query?: string, headers?: Record<string, string>): Promise<Response>;
}

export const apiKey = 'rpa_the_account';
export const image = 'runpod/pytorch:1.0.2-cu1281-torch280-ubuntu2404';
export const gpu = { id: 'NVIDIA GeForce RTX 4090' };

/** A stand-in that is closed at the end of the test, and a client of it. */
export async function openAccount(options: Partial<RunPodStandInOptions> = {}): Promise<Account> {
  const standIn = await openRunPodStandIn({
    apiKey,
    provisionMs: 1,
    startMs: 1,
    earlyLogHeaders: true,
    ...options,
  });
  onTestFinished(() => standIn.close());
  const call: Account['call'] = async (call, { body, key = apiKey } = {}) => {
    const [method = '', path = ''] = call.split(' ');
    const response = await fetch(standIn.url + path, {
      method,
      headers: {
        ...(key === null ? {} : { Authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const { status, headers } = response;
    const isJson = headers.get('content-type')?.endsWith('json') ?? false;
    return { status, headers, body: isJson ? JSON.parse(text) : text || null };
  };
  return {
    standIn,
    call,
    async create(args, more = {}) {
      await call('POST /v2/pods', { body: { name: 'job', image, gpu, args, ...more } });
      const pod = standIn.pods().at(-1);
      if (pod === undefined) throw new Error('no pod was created');
      return pod;
    },
    openLog(pod, query = '', headers = {}) {
      return fetch(`${standIn.url}/v2/pods/${pod.id}/logs${query}`, {
        headers: { Authorization: `Bearer ${apiKey}`, ...headers },
      });
    },
  };
}

/** The whole events of a log stream, until it ends or `limit` are there; `broken` where its connection was cut. */
export async function readLog(
  response: Response,
  limit = Number.POSITIVE_INFINITY,
): Promise<{ lines: StreamedLine[]; broken: boolean }> {
  const lines: StreamedLine[] = [];
  if (response.body === null || limit === 0) return { lines, broken: false };
  const events = response.body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream());
  try {
    for await (const { id = '', data } of events) {
      lines.push({ id, ...JSON.parse(data) });
      if (lines.length >= limit) break;
    }
  } catch {
    return { lines, broken: true };
  }
  return { lines, broken: false };
}

/** The text of those lines that the container wrote. */
export function written(lines: readonly { source: string; line: string }[]): string[] {
  return lines.filter(({ source }) => source === 'container').map(({ line }) => line);
}

/** A start command that runs a program, with its last argument quoted for a shell. */
export function command(program: string, last: string): string {
  return `${program} '${last.replaceAll("'", "'\\''")}'`;
}

/** A start command that runs a script of bash. */
export function bash(script: string): string {
  return command('bash -c', script);
}
