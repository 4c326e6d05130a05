import type { ExecutionArgs } from 'graphql';
import type { Principal } from '../../access/principal.ts';
import type { LogStore } from '../../core/store.ts';
import type { Cancel } from '../../jobs/ask/cancel.ts';
import type { Deploy } from '../../jobs/ask/deploy.ts';
import type { Outputs } from '../../jobs/ask/outputs.ts';
import type { Rerun } from '../../jobs/ask/rerun.ts';
import type { Jobs } from '../../jobs/jobs.ts';
import type { Providers } from '../../jobs/providers.ts';
import type { JobWatch } from '../../jobs/watch/job-watch.ts';
import type { ProviderWatch } from '../../jobs/watch/provider-watch.ts';
import type { LiveLogs } from '../../logs/read/live.ts';
import type { LiveMetrics } from '../../logs/read/live-metrics.ts';
import type { MatchReader } from '../../logs/read/match-reader.ts';
import type { LogOverviews } from '../../logs/read/overview.ts';
import type { Pace } from '../../logs/read/pace.ts';
import type { PageRoom } from '../../logs/read/page-room.ts';
import type { LogReader } from '../../logs/read/reader.ts';
import type { JobsSearcher } from '../../logs/read/search-jobs.ts';

/** The parts that resolvers work with and all requests share. */
export interface SharedContext {
  jobs: Jobs;
  jobWatch: JobWatch;
  deploy: Deploy;
  rerun: Rerun;
  cancel: Cancel;
  outputs: Outputs;
  providers: Providers;
  providerWatch: ProviderWatch;
  logReader: LogReader;
  matchReader: MatchReader;
  liveLogs: LiveLogs;
  metrics: Pick<LogStore, 'metrics' | 'resources' | 'stretches'>;
  liveMetrics: LiveMetrics;
  jobsSearcher: JobsSearcher;
  logOverviews: LogOverviews;
}

/** All that resolvers work with: the shared parts and the facts of one request. */
export interface GraphContext extends SharedContext {
  /** Who asks. */
  principal: Principal;
  /** The pace of the connection that brought the operation. */
  pace: Pace;
  /** How much text was sent for the operation, in UTF-16 units, where all of it is kept for as long as that goes on. */
  sentChars?: number;
  /** The room that the log pages of one execution share. */
  room: PageRoom;
}

/** The facts about whoever sent an operation: who it is, the pace of its connection, and how much was sent. */
export type Asker = Pick<GraphContext, 'principal' | 'pace' | 'sentChars'>;

/** The context of an execution, of which GraphQL's types know nothing. Throws a TypeError where there is none. */
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
