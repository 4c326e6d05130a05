import SchemaBuilder from '@pothos/core';
import ComplexityPlugin from '@pothos/plugin-complexity';
import { TrainyardError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/job.ts';
import type { GraphContext } from './context.ts';
import { DateTimeScalar, JsonObjectScalar } from './scalars.ts';

/** The most that one operation may cost. A field costs 1; a list costs its items' fields, times their number. */
const maxComplexity = 10_000;

/** How many fields deep an operation may go. */
const maxDepth = 12;

/** The builder to which each noun's file adds its types. It defines only the scalars itself. */
export const builder = new SchemaBuilder<{
  Context: GraphContext;
  DefaultFieldNullability: false;
  Scalars: {
    ID: { Input: string; Output: string };
    DateTime: { Input: Date; Output: number };
    JSONObject: { Input: JsonObject; Output: JsonObject };
    _Any: { Input: unknown; Output: unknown };
  };
}>({
  defaultFieldNullability: false,
  plugins: [ComplexityPlugin],
  complexity: {
    defaultComplexity: 1,
    defaultListMultiplier: 1,
    limit: { complexity: maxComplexity, breadth: 500, depth: maxDepth },
    complexityError: (kind, { maxComplexity: most, complexity, breadth, depth }) => {
      const messages = {
        Complexity: `The operation costs ${complexity}; at most ${most} is allowed. Ask for fewer items or fields at once.`,
        Breadth: `The operation selects ${breadth} fields, which is too many at once.`,
        Depth: `The operation goes ${depth} levels deep; at most ${maxDepth} are allowed.`,
      };
      return new TrainyardError('BAD_USER_INPUT', messages[kind]);
    },
  },
});

builder.addScalarType('DateTime', DateTimeScalar);
builder.addScalarType('JSONObject', JsonObjectScalar);
builder.queryType({
  description: 'Reads training jobs, their logs, and the providers that run them.',
});
builder.mutationType({ description: 'Deploys, cancels and deletes jobs.' });
builder.subscriptionType({
  description: 'Follows logs and jobs as they change, over graphql-ws or as server-sent events.',
});
