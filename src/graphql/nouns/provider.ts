import { TrainyardError } from '../../core/errors.ts';
import type { healthStatuses, ProviderHealth } from '../../core/provider.ts';
import { providerDefinitions } from '../../providers/registry.ts';
import { builder } from '../engine/builder.ts';

/** A provider in the graph. Only its name is needed, because a job may outlive its provider's configuration. */
export interface ProviderNode {
  name: string;
  /** Its kind when a job was deployed to it; null where that is not known. */
  kind?: string | null;
}

const ProviderKindEnum = builder.enumType('ProviderKind', {
  description: 'What a provider is.',
  values: Object.fromEntries(
    providerDefinitions.map(({ kind, description }) => [kind, { description }]),
  ),
});

const HealthStatusEnum = builder.enumType('ProviderHealthStatus', {
  description: 'How a provider is.',
  values: {
    UP: { description: 'It answers and can run jobs.' },
    DEGRADED: { description: 'It answers, but not as it should.' },
    DOWN: { description: 'It cannot be reached, or refuses.' },
  } satisfies Record<(typeof healthStatuses)[number], object>,
});

const ProviderHealthType = builder.objectRef<ProviderHealth>('ProviderHealth').implement({
  description: 'How a provider was when it was last asked, at most some seconds ago.',
  fields: (t) => ({
    status: t.expose('status', { type: HealthStatusEnum, description: 'How it is.' }),
    message: t.exposeString('message', {
      nullable: true,
      description: 'What is wrong, and what to do; null where nothing is.',
    }),
    checkedAt: t.expose('checkedAt', { type: 'DateTime', description: 'When it was asked.' }),
    latencyMs: t.exposeInt('latencyMs', {
      nullable: true,
      description: 'How long it took to answer, in milliseconds.',
    }),
  }),
});

export const ProviderType = builder.objectRef<ProviderNode>('Provider').implement({
  description: 'A place where jobs run.',
  fields: (t) => ({
    name: t.exposeID('name', { description: 'Its name in the configuration.' }),
    kind: t.field({
      type: ProviderKindEnum,
      description: 'What it is.',
      resolve: ({ name, kind }, _args, { providers }) =>
        kindOf(name, providers.find(name)?.kind ?? kind),
    }),
    health: t.field({
      type: ProviderHealthType,
      description: 'How it is.',
      complexity: 10,
      resolve: ({ name }, _args, { providers }) =>
        providers.find(name) ? providers.health(name) : unconfigured(name),
    }),
    recipes: t.stringList({
      description: 'The recipes that a job may name here.',
      resolve: ({ name }, _args, { providers }) => [...(providers.find(name)?.recipes() ?? [])],
    }),
  }),
});

builder.queryFields((t) => ({
  provider: t.field({
    type: ProviderType,
    nullable: true,
    description: 'One provider; null where none has this name.',
    args: { name: t.arg.id({ required: true }) },
    resolve: (_root, { name }, { providers }) => (providers.find(name) ? { name } : null),
  }),
  providers: t.field({
    type: [ProviderType],
    description: 'Every provider, in the order of the configuration.',
    complexity: { field: 1, multiplier: 10 },
    resolve: (_root, _args, { providers }) => providers.list().map(({ name }) => ({ name })),
  }),
}));

function kindOf(name: string, kind: string | null | undefined): string {
  if (kind && providerDefinitions.some((known) => known.kind === kind)) return kind;
  throw new TrainyardError(
    'NOT_FOUND',
    `The provider ${name} is no longer configured, and of a kind that this release does not know.`,
  );
}

function unconfigured(name: string): ProviderHealth {
  return {
    status: 'DOWN',
    message: `The provider ${name} is no longer configured; its jobs are kept, but not followed.`,
    checkedAt: Date.now(),
    latencyMs: null,
  };
}
