import type { ServerResponse } from 'node:http';
import type { ErrorCode } from '../../core/errors.ts';

/** Why a request is not served. */
export interface Refusal {
  status: number;
  code: ErrorCode;
  message: string;
  headers?: Record<string, string>;
}

/** All that a client learns of a defect. */
export const internal = {
  status: 500,
  code: 'INTERNAL',
  message: 'Something went wrong inside Trainyard; its log says what.',
} as const satisfies Refusal;

/** The body of every error answer, on all routes: it has the shape of a GraphQL error. */
export function errorBody({ code, message }: Pick<Refusal, 'code' | 'message'>) {
  return { errors: [{ message, extensions: { code } }] };
}

/** Answers with a refusal and closes the connection, because the request's body has not been read. */
export function refuse(response: ServerResponse, refusal: Refusal): void {
  response.writeHead(refusal.status, {
    ...refusal.headers,
    'Content-Type': 'application/json; charset=utf-8',
    Connection: 'close',
  });
  response.end(JSON.stringify(errorBody(refusal)));
}
