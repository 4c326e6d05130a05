import './log.ts';
import './provider.ts';
import './job.ts';
import './jobs.ts';
import './job-changes.ts';
import { printSubgraphSchema } from '@apollo/subgraph';
import type { GraphQLSchema } from 'graphql';
import { builder } from './builder.ts';

/** The schema, as a Federation 2 subgraph. */
export const schema: GraphQLSchema = builder.toSubGraphSchema({
  linkUrl: 'https://specs.apollo.dev/federation/v2.6',
  federationDirectives: ['@key'],
});

/** The schema as text, with its federation directives. */
export function printSchema(): string {
  return `${printSubgraphSchema(schema)}\n`;
}
