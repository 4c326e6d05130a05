import type { Context, ErrorHandler } from 'hono';
import { type ErrorCode, messageOf, TrainyardError } from '../../core/errors.ts';
import { httpStatuses } from '../../core/http-status.ts';
import type { Logger } from '../../lib/system/logger.ts';

type ErrorStatus = (typeof httpStatuses)[ErrorCode] | 413 | 421;

/** An error as the contract has it. Some clients read `error`, others `message`. */
export function refuse(c: Context, status: ErrorStatus, code: ErrorCode, error: string): Response {
  return c.json({ error, message: error, code }, status);
}

/** Answers an error that was thrown on purpose with its message. Any other error is logged and masked. */
export function createErrorHandler(logger: Pick<Logger, 'error'>): ErrorHandler {
  return (error, c) => {
    if (error instanceof TrainyardError) return answer(c, error);
    logger.error({ path: c.req.path, error: messageOf(error) }, 'a request failed');
    if (isDiskTrouble(error)) {
      const message = `the data folder cannot be written: ${error.message}`;
      return refuse(c, 503, 'STORE_UNAVAILABLE', message);
    }
    return refuse(c, 500, 'INTERNAL', 'the training server failed; its own log says why');
  };
}

function answer(c: Context, { code, message, details }: TrainyardError): Response {
  const { jobId, previousStatus } = details;
  if (previousStatus === undefined) return refuse(c, httpStatuses[code], code, message);
  const job = { job_id: jobId, previous_status: previousStatus };
  return c.json({ success: false, ...job, message, error: message, code }, httpStatuses[code]);
}

function isDiskTrouble(error: Error): boolean {
  return 'code' in error && ['ENOSPC', 'EDQUOT', 'EROFS', 'EMFILE'].includes(String(error.code));
}
