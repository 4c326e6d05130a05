import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as waitMs } from 'node:timers/promises';
import { z } from 'zod';
import { authenticate, authorize } from './access.ts';
import { type Answer, refusalOf, send, sendProblem } from './answer.ts';
import type { Call, CallRecord } from './calls.ts';
import type { Changes } from './changes.ts';
import { parseCreatePod } from './create.ts';
import type { ArmedFaults } from './faults.ts';
import { parseLogRange } from './log-request.ts';
import { streamLog } from './log-stream.ts';
import { findMachine, type Market } from './market.ts';
import { Pod, type PodSettings } from './pod.ts';
import { Problem } from './problem.ts';
import type { RateLimit } from './rate-limit.ts';
import {
  checkDeployRequest,
  invalid,
  parseBody,
  parseQuery,
  readBody,
  refuseNameless,
} from './request.ts';
import { type Match, matchRoute } from './routes.ts';
import { podActions } from './status.ts';
import { podView } from './view.ts';

export interface ApiOptions {
  apiKey: string;
  rateLimit: RateLimit;
  pageSize: number;
  pagesWithoutEnd: boolean;
  earlyLogHeaders: boolean;
  settings: PodSettings;
  /** Gets every pod that is created, and keeps those that are terminated. */
  pods: Pod[];
  faults: ArmedFaults;
  market: Market;
  calls: CallRecord;
  changes: Changes;
}

const nothing = z.strictObject({});
const listQuery = z.strictObject({
  includeClusterPods: z.enum(['true', 'false']).optional(),
  limit: z
    .string()
    .regex(/^[1-9]\d{0,3}$/)
    .transform(Number)
    .optional(),
  cursor: z.string().min(1).optional(),
});
const actionBody = z.strictObject({ action: z.enum(podActions) });

/** Answers one call as RunPod does: who it is, how much is left, what goes wrong on demand, then the work itself. */
export function createApi(
  options: ApiOptions,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const {
    apiKey,
    pageSize,
    pagesWithoutEnd,
    earlyLogHeaders: earlyHeaders,
    rateLimit,
    settings,
    pods,
    faults,
    market,
    calls,
    changes,
  } = options;
  const alive = () => pods.filter((pod) => pod.status !== 'TERMINATED');
  const podOf = ({ podId }: Match) => {
    const pod = alive().find(({ id }) => id === podId);
    if (pod === undefined) throw new Problem(404, 'pod not found');
    return pod;
  };

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const call = calls.add(request);
    response.once('close', () => calls.ended(call, response));
    let headers: Record<string, string> = {};
    try {
      refuseNameless(request);
      const caller = authenticate(request.headers.authorization, { apiKey, pods: alive() });
      call.authorized = true;
      const allowance = rateLimit.take();
      headers = allowance.headers;
      if (allowance.problem !== null) throw allowance.problem;
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://stand-in');
      const match = matchRoute(request.method ?? '', pathname);
      authorize(caller, match);
      call.body = request.method === 'POST' ? await readBody(request) : null;
      changes.notify();
      const fault = faults.ofCall(match.name);
      const refusal = refusalOf(fault);
      if (refusal !== null) throw refusal;
      if (fault !== null && 'act' in fault && fault.act === 'hang') return;
      if (fault !== null && 'act' in fault && fault.act === 'late') await waitMs(fault.ms);
      if (match.name === 'GET /v2/pods/{id}/logs' && fault === null) {
        await serveLog({ match, search: searchParams, call, response, headers });
      } else {
        send(response, work(match, searchParams, call.body), { headers, fault });
      }
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      sendProblem(response, error, headers);
    }
  };

  const work = (match: Match, search: URLSearchParams, body: unknown): Answer => {
    if (match.name === 'GET /v2/pods') return list(search);
    parseQuery(nothing, search);
    switch (match.name) {
      case 'POST /v2/pods':
        return create(body);
      case 'DELETE /v2/pods/{id}':
        podOf(match).terminate();
        return { status: 204 };
      case 'POST /v2/pods/{id}/action': {
        const { action } = parseBody(actionBody, body);
        const pod = podOf(match);
        pod.act(action);
        return action === 'terminate' ? { status: 204 } : { status: 200, body: podView(pod) };
      }
      default:
        return { status: 200, body: podView(podOf(match)) };
    }
  };

  /** Newest first. A cursor is the id of the page's last pod, wrapped so that nobody reads it. */
  const list = (search: URLSearchParams): Answer => {
    const { limit = pageSize, cursor } = parseQuery(listQuery, search);
    const all = pods.toReversed();
    const last = cursor && Buffer.from(cursor, 'base64url').toString();
    const from = last ? all.findIndex(({ id }) => id === last) + 1 : 0;
    if (last && from === 0 && !pagesWithoutEnd) throw invalid(['cursor: not one of this list']);
    const rest = all.slice(from).filter((pod) => pod.status !== 'TERMINATED');
    const page = rest.slice(0, Math.min(limit, pageSize));
    const end = page.at(-1)?.id ?? last ?? 'none';
    const goesOn = rest.length > page.length || pagesWithoutEnd;
    const nextCursor = goesOn ? Buffer.from(end).toString('base64url') : null;
    return { status: 200, body: { pods: page.map(podView), pagination: { nextCursor } } };
  };

  const create = (body: unknown): Answer => {
    const asked = parseCreatePod(body);
    checkDeployRequest(asked);
    const pod = new Pod({ asked, machine: findMachine(market, asked), settings, changes });
    pods.push(pod);
    return { status: 201, body: podView(pod) };
  };

  const serveLog = async (options: {
    match: Match;
    search: URLSearchParams;
    call: Call;
    response: ServerResponse;
    headers: Record<string, string>;
  }) => {
    const { log } = podOf(options.match);
    const { search, call, response, headers } = options;
    const range = parseLogRange(log, search, call.lastEventId);
    const fault = faults.ofStream(call.lastEventId !== null);
    if (fault.refuseLastEventId !== undefined) {
      throw new Problem(fault.refuseLastEventId, 'Last-Event-ID must be a date-time');
    }
    await streamLog({ log, range, fault, changes, response, headers, earlyHeaders });
  };

  return answer;
}
