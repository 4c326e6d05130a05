import { codeOf, messageOf } from '../../core/errors.ts';
import type { LogNotice } from '../../core/log.ts';
import { unstoredLogNotice } from '../../logs/unstored-logs.ts';

/** The notice for a log that cannot be read, or not be stored, although its provider reports the job's status. */
export function unreadableLogNotice(provider: string, error: unknown): LogNotice {
  if (codeOf(error) === 'STORE_UNAVAILABLE') return unstoredLogNotice(error);
  return {
    code: 'LOG_UNREADABLE',
    message: `The log of this job cannot be read at the moment: ${messageOf(error)}`,
    url: null,
    help: [
      `As soon as the provider ${provider} gives the log again, Trainyard fetches all lines that it still has`,
    ],
  };
}
