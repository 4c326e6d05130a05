import type { LogNotice } from '../core/log.ts';

/** The notice for a log whose lines can be read, while what the store knows of it as a whole is damaged. */
export function damagedLogNotice(jobId: string): LogNotice {
  return {
    code: 'LOG_DAMAGED',
    message: `What the store knows of the log of job ${jobId} is damaged: its lines are shown as far as they can be found, but whether they are all, and whether the log is complete, cannot be told. No line can be added.`,
    url: null,
    help: [
      'Run `trainyard check`, which finds what else is damaged',
      'Restore the data folder from a backup; lines that their source still has are then fetched again',
      'Or delete the job once it is over',
    ],
  };
}
