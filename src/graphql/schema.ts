import './log.ts';
import './provider.ts';
import './job.ts';
import './jobs.ts';
import './job-changes.ts';
import './federation.ts';
import type { GraphQLSchema } from 'graphql';
import { builder } from './builder.ts';

/** The schema, as a Federation 2 subgraph. */
export const schema: GraphQLSchema = builder.toSchema({ sortSchema: false });
