import './nouns/log.ts';
import './nouns/provider.ts';
import './nouns/job.ts';
import './nouns/log-matches.ts';
import './nouns/jobs.ts';
import './nouns/job-updated.ts';
import './nouns/job-changed.ts';
import './nouns/metrics-updated.ts';
import './nouns/log-overview.ts';
import './nouns/search-logs.ts';
import './nouns/server.ts';
import './engine/federation.ts';
import type { GraphQLSchema } from 'graphql';
import { builder } from './engine/builder.ts';

/** The schema, as a Federation 2 subgraph. */
export const schema: GraphQLSchema = builder.toSchema({ sortSchema: false });
