import {
  type GraphQLNamedType,
  GraphQLObjectType,
  type GraphQLSchema,
  isSpecifiedScalarType,
  printType,
} from 'graphql';
import { TrainyardError } from '../../core/errors.ts';
import type { Job } from '../../core/job.ts';
import { JobType } from '../nouns/job.ts';
import { type ProviderNode, ProviderType } from '../nouns/provider.ts';
import { builder } from './builder.ts';
import type { GraphContext } from './context.ts';

// What a gateway requires of a Federation 2 subgraph:
// https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/subgraph-spec

type Found = Job | ProviderNode | null;

/** The types that other subgraphs may extend: the key field of each, and how to find one by its key. */
const entities: Record<
  string,
  { key: string; find(key: string, context: GraphContext): Found | Promise<Found> }
> = {
  Job: { key: 'id', find: (id, { jobs }) => jobs.find(id) },
  Provider: {
    key: 'name',
    find: (name, { providers }) => (providers.find(name) ? { name } : null),
  },
};

builder.scalarType('_Any', {
  description:
    'An entity in the form in which other subgraphs refer to it: its __typename and its key.',
  serialize: (value) => value,
});

const EntityUnion = builder.unionType('_Entity', {
  description: 'The types that other subgraphs may extend.',
  types: [JobType, ProviderType],
  resolveType: (entity) => ('id' in entity ? JobType : ProviderType),
});

const ServiceType = builder.objectRef<{ sdl: string }>('_Service').implement({
  description: 'This subgraph, for gateways.',
  fields: (t) => ({
    sdl: t.exposeString('sdl', {
      nullable: true,
      description: 'The schema, with federation directives.',
    }),
  }),
});

let sdl: string | null = null;

builder.queryFields((t) => ({
  _entities: t.field({
    type: [EntityUnion],
    nullable: { list: false, items: true },
    description: 'The entities with these keys, for gateways; null for one that does not exist.',
    args: { representations: t.arg({ type: ['_Any'], required: true }) },
    complexity: ({ representations }) => ({ field: 1, multiplier: representations.length }),
    resolve: (_root, { representations }, context) =>
      representations.map((representation) => findEntity(representation, context)),
  }),
  _service: t.field({
    type: ServiceType,
    description: 'The description of this subgraph, for gateways.',
    resolve: (_root, _args, _context, { schema }) => {
      sdl ??= printSubgraph(schema);
      return { sdl };
    },
  }),
}));

/** The entity that a representation stands for; null where none has its key. Throws BAD_USER_INPUT for any other value. */
function findEntity(representation: unknown, context: GraphContext): Found | Promise<Found> {
  const { __typename: type, ...keys } = Object(representation);
  const isKnown = typeof type === 'string' && Object.hasOwn(entities, type);
  const entity = isKnown ? entities[type] : undefined;
  const key = entity && keys[entity.key];
  if (entity && typeof key === 'string') return entity.find(key, context);
  const known = Object.entries(entities).map(
    ([name, { key }]) => `{ __typename: "${name}", ${key}: "…" }`,
  );
  throw new TrainyardError(
    'BAD_USER_INPUT',
    `A representation names its entity and its key: ${known.join(' or ')}.`,
  );
}

/** The schema for composition: with the entities' keys, and without the fields that gateways add by themselves. */
export function printSubgraph(schema: GraphQLSchema): string {
  return `${[link, ...typesOf(schema).map(printWithKey)].join('\n\n')}\n`;
}

/** The schema as a client sees it, for tools that know nothing of federation. */
export function printApi(schema: GraphQLSchema): string {
  return `${typesOf(schema).map(printPlain).join('\n\n')}\n`;
}

const link = `extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.6", import: ["@key", "@shareable"])`;

function typesOf(schema: GraphQLSchema): GraphQLNamedType[] {
  return Object.values(schema.getTypeMap())
    .filter(({ name }) => !name.startsWith('_'))
    .filter((type) => !isSpecifiedScalarType(type))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function printWithKey(type: GraphQLNamedType): string {
  const head = `type ${type.name}`;
  const { key } = entities[type.name] ?? {};
  const printed = printPlain(type);
  // This type is Relay's own, so other subgraphs may define it, too, and describe it in words of their own.
  if (type.name === 'PageInfo') {
    return printed.replaceAll(/^ *""".*"""\n/gm, '').replace(head, `${head} @shareable`);
  }
  return key ? printed.replace(head, `${head} @key(fields: "${key}")`) : printed;
}

function printPlain(type: GraphQLNamedType): string {
  return printType(type.name === 'Query' ? withoutGatewayFields(type as GraphQLObjectType) : type);
}

function withoutGatewayFields(query: GraphQLObjectType): GraphQLObjectType {
  const { fields, ...config } = query.toConfig();
  const own = Object.entries(fields).filter(([name]) => !name.startsWith('_'));
  return new GraphQLObjectType({ ...config, fields: Object.fromEntries(own) });
}
