import { messageOf } from '../../core/errors.ts';
import type { LogNotice } from '../../core/log.ts';

/** What a reader should know of a log that its provider does not give, although it tells how the job is. */
export function unreadableLogNotice(provider: string, error: unknown): LogNotice {
  return {
    code: 'LOG_UNREADABLE',
    message: `The log of this job cannot be read at present: ${messageOf(error)}`,
    url: null,
    help: [
      `What the provider ${provider} keeps of it is fetched, without loss, as soon as it can be read again`,
    ],
  };
}
