import type { ExecutionArgs } from 'graphql';
import type { Principal } from '../../access/principal.ts';
import type { LogStore } from '../../core/store.ts';
import type { Cancel } from '../../jobs/ask/cancel.ts';
import type { Deploy } from '../../jobs/ask/deploy.ts';
import type { Jobs } from '../../jobs/jobs.ts';
import type { Providers } from '../../jobs/providers.ts';
import type { JobWatch } from '../../jobs/watch/job-watch.ts';
import type { LiveLogs } from '../../logs/read/live.ts';
import type { Pace } from '../../logs/read/pace.ts';
import type { PageRoom } from '../../logs/read/page-room.ts';
import type { LogReader } from '../../logs/read/reader.ts';

/** What resolvers work with, apart from who asks; one for all requests. */
export interface SharedContext {
  jobs: Jobs;
  jobWatch: JobWatch;
  deploy: Deploy;
  cancel: Cancel;
  providers: Providers;
  logReader: LogReader;
  liveLogs: LiveLogs;
  metrics: Pick<LogStore, 'metrics' | 'stretches'>;
}

/** What resolvers work with. */
export interface GraphContext extends SharedContext {
  /** Who asks. */
  principal: Principal;
  /** The pace of the connection that the operation came by. */
  pace: Pace;
  /** What the log pages of one execution may take together. */
  room: PageRoom;
}

/** What an operation brings along of whoever sent it. */
export type Asker = Pick<GraphContext, 'principal' | 'pace'>;

/** The context out of the arguments of an execution, where GraphQL does not know its type. */
export function contextOf({ contextValue }: ExecutionArgs): GraphContext {
  if (isContext(contextValue)) return contextValue;
  throw new TypeError('An operation is executed without its context.');
}

function isContext(value: unknown): value is GraphContext {
  return (
    typeof value === 'object' &&
    value !== null &&
    'liveLogs' in value &&
    'pace' in value &&
    'principal' in value
  );
}
