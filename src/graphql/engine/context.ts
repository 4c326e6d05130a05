import type { LogStore } from '../../core/store.ts';
import type { Cancel } from '../../jobs/ask/cancel.ts';
import type { Deploy } from '../../jobs/ask/deploy.ts';
import type { Jobs } from '../../jobs/jobs.ts';
import type { Providers } from '../../jobs/providers.ts';
import type { LiveLogs } from '../../logs/read/live.ts';
import type { LogReader } from '../../logs/read/reader.ts';

/** What resolvers work with; one for all requests, since nothing in it belongs to one caller. */
export interface GraphContext {
  jobs: Jobs;
  deploy: Deploy;
  cancel: Cancel;
  providers: Providers;
  logReader: LogReader;
  liveLogs: LiveLogs;
  metrics: Pick<LogStore, 'metrics'>;
}
