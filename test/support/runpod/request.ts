import type { IncomingMessage } from 'node:http';
import type { z } from 'zod';
import { Problem } from './problem.ts';

const maxBodyBytes = 102_400;

/** The JSON body of a call; 400 where it is none, 411 without its length, 413 past 102,400 bytes. */
export async function readBody(request: IncomingMessage): Promise<unknown> {
  const { 'content-type': type = '', 'content-length': length } = request.headers;
  if (!/^application\/json\b/.test(type)) {
    throw new Problem(400, 'request body must be application/json');
  }
  if (length === undefined) throw new Problem(411, 'request body must have a Content-Length');
  if (Number(length) > maxBodyBytes) {
    request.resume();
    throw new Problem(413, `request body exceeds ${maxBodyBytes} bytes`);
  }
  const parts = await request.toArray();
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8'));
  } catch {
    throw new Problem(400, 'request body is not valid JSON');
  }
}

/** Throws the 403 of the gateway before RunPod, in plain text, for a caller that does not say who it is. */
export function refuseNameless({ headers }: IncomingMessage): void {
  if (headers['user-agent']?.trim()) return;
  throw new Problem(403, 'error code: 1010', { isPlainText: true });
}

/** Throws 413 where the request that RunPod makes of a create, each variable with its two names, is past the bound. */
export function checkDeployRequest({ env, ...rest }: { env: Record<string, string> }): void {
  const variables = Object.entries(env).map(([key, value]) => ({ key, value }));
  const query =
    'mutation ($input: PodFindAndDeployOnDemandInput) { podFindAndDeployOnDemand(input: $input) { id } }';
  const built = JSON.stringify({ query, variables: { input: { ...rest, env: variables } } });
  if (Buffer.byteLength(built) > maxBodyBytes) {
    throw new Problem(413, `deployment request exceeds ${maxBodyBytes} bytes`);
  }
}

/** A body that matches the schema; else 422, which lists every violation as RunPod does. */
export function parseBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw invalid(parsed.error.issues.flatMap(violations));
}

/** Query parameters that match the schema, each given once; else 422. */
export function parseQuery<T>(schema: z.ZodType<T>, search: URLSearchParams): T {
  const given = [...search.keys()];
  const repeated = given.find((key, index) => given.indexOf(key) !== index);
  if (repeated !== undefined) throw invalid([`$: '${repeated}' is given more than once`]);
  return parseBody(schema, Object.fromEntries(search));
}

/** The refusal of a call that does not match RunPod's description: 422, and each violation. */
export function invalid(errors: string[]): Problem {
  return new Problem(422, 'Request validation failed.', { errors });
}

function violations(issue: z.core.$ZodIssue): string[] {
  const where = ['$', ...issue.path].join('.');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `${where}: additional properties '${key}' not allowed`);
  }
  if (issue.code === 'invalid_type' && issue.message.endsWith('received undefined')) {
    const parent = ['$', ...issue.path.slice(0, -1)].join('.');
    return [`${parent}: missing property '${String(issue.path.at(-1))}'`];
  }
  return [`${where}: ${issue.message}`];
}
