import type { ServerResponse } from 'node:http';
import type { CallFault } from './faults.ts';
import { Problem } from './problem.ts';

/** An answer as it should be; without a body where there is none (204). */
export interface Answer {
  status: number;
  body?: unknown;
}

/** The problem that a fault answers with, instead of what was asked; null where the fault lets the work be done. */
export function refusalOf(fault: CallFault | null): Problem | null {
  if (fault === null || !('status' in fault)) return null;
  const {
    status,
    detail = 'the stand-in was told to fail',
    errors,
    retryAfter,
    isPlainText,
  } = fault;
  const headers: Record<string, string> =
    retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) };
  return new Problem(status, detail, { errors, headers, isPlainText });
}

/** Sends an answer, spoiled by the fault. */
export function send(
  response: ServerResponse,
  { status, body }: Answer,
  options: { headers: Record<string, string>; fault: CallFault | null },
): void {
  const act = options.fault !== null && 'act' in options.fault ? options.fault.act : null;
  const { headers } = options;
  const bytes = Buffer.from(body === undefined ? '' : JSON.stringify(body));
  if (act === 'no-answer') return;
  if (act === 'lose-answer') {
    response.destroy();
  } else if (act === 'garbage') {
    response.writeHead(200, { ...headers, 'Content-Type': 'text/html' });
    response.end('<!doctype html><title>It works!</title>');
  } else if (act === 'endless') {
    response.writeHead(200, { ...headers, 'Content-Type': 'application/json' });
    writeWithoutEnd(response);
  } else if (act === 'cut') {
    response.writeHead(status, { ...headers, ...json, 'Content-Length': bytes.length });
    response.write(bytes.subarray(0, bytes.length >> 1), () => response.destroy());
  } else if (body === undefined) {
    response.writeHead(status, headers).end();
  } else {
    response.writeHead(status, { ...headers, ...json }).end(bytes);
  }
}

/** Sends a refusal. */
export function sendProblem(
  response: ServerResponse,
  problem: Problem,
  headers: Record<string, string>,
): void {
  const { status, message, isPlainText } = problem;
  const type = isPlainText ? 'text/plain; charset=UTF-8' : 'application/problem+json';
  response.writeHead(status, { ...headers, ...problem.headers, 'Content-Type': type });
  response.end(isPlainText ? message : JSON.stringify(problem));
}

const json = { 'Content-Type': 'application/json' };

function writeWithoutEnd(response: ServerResponse): void {
  const more = `"${'x'.repeat(64 * 1024)}",`;
  const write = () => {
    while (!response.destroyed && response.write(more));
  };
  response.write('{"pods":[');
  response.on('drain', write);
  write();
}
