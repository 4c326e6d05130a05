import { TrainyardError } from '../../core/errors.ts';
import type { healthStatuses, ProviderHealth } from '../../core/provider.ts';
import type { RecipeFacts } from '../../core/recipe.ts';
import { providerDefinitions } from '../../providers/registry.ts';
import { builder } from '../engine/builder.ts';

/** A provider in the graph. Only its name is needed, because a job may outlive its provider's configuration. */
export interface ProviderNode {
  name: string;
  /** Its kind when a job was deployed to it; null where that is not known. */
  kind?: string | null;
}

const ProviderKindEnum = builder.enumType('ProviderKind', {
  description: 'The kinds of providers.',
  values: Object.fromEntries(
    providerDefinitions.map(({ kind, description }) => [kind, { description }]),
  ),
});

const HealthStatusEnum = builder.enumType('ProviderHealthStatus', {
  description: 'The health of a provider.',
  values: {
    UP: { description: 'The provider answers and can run jobs.' },
    DEGRADED: {
      description: 'The provider is there, but refuses, is too busy or reports a problem.',
    },
    DOWN: { description: 'The provider cannot be reached, or its answers are errors.' },
  } satisfies Record<(typeof healthStatuses)[number], object>,
});

const ProviderHealthType = builder.objectRef<ProviderHealth>('ProviderHealth').implement({
  description: "The result of a provider's last health check, at most five seconds ago.",
  fields: (t) => ({
    status: t.expose('status', {
      type: HealthStatusEnum,
      description: 'The health of the provider.',
    }),
    message: t.exposeString('message', {
      nullable: true,
      description: 'What is wrong, and what to do; null where nothing is wrong.',
    }),
    checkedAt: t.expose('checkedAt', { type: 'DateTime', description: 'When it was checked.' }),
    latencyMs: t.exposeInt('latencyMs', {
      nullable: true,
      description: 'How long the answer took, in milliseconds; null where none came.',
    }),
  }),
});

const RecipeType = builder.objectRef<RecipeFacts>('Recipe').implement({
  description: 'What a provider can run, by name.',
  fields: (t) => ({
    name: t.exposeID('name', { description: 'Its name in the configuration.' }),
    description: t.exposeString('description', {
      nullable: true,
      description: 'What it is for, in a sentence; null where nobody has said so.',
    }),
    datasetPath: t.exposeString('dataset', {
      nullable: true,
      description: 'The data set of a job that names none; null where there is none.',
    }),
    defaults: t.expose('defaults', {
      type: 'JSONObject',
      description: "The values that a job's `config` may override; empty where they are not known.",
    }),
    configSchema: t.expose('configSchema', {
      type: 'JSONObject',
      nullable: true,
      description:
        'A JSON Schema of `config` over `defaults`, which a deploy is held to; null where any config is taken.',
    }),
  }),
});

export const ProviderType = builder.objectRef<ProviderNode>('Provider').implement({
  description: 'A system that runs jobs, such as a training server or an account at a cloud.',
  fields: (t) => ({
    name: t.exposeID('name', { description: 'Its name in the configuration.' }),
    kind: t.field({
      type: ProviderKindEnum,
      description: 'The kind of provider.',
      resolve: ({ name, kind }, _args, { providers }) =>
        kindOf(name, providers.find(name)?.kind ?? kind),
    }),
    health: t.field({
      type: ProviderHealthType,
      description: 'Whether it can run jobs now.',
      complexity: 10,
      resolve: ({ name }, _args, { providers }) =>
        providers.find(name) ? providers.health(name) : unconfigured(name),
    }),
    recipes: t.stringList({
      description:
        'The names of the recipes that it can run, as far as they are known. A training server that has not answered yet has none here, and `health` says why it has not. It can be given jobs all the same, which wait for it.',
      resolve: ({ name }, _args, { providers }) => [...(providers.find(name)?.recipes() ?? [])],
    }),
    recipeList: t.field({
      type: [RecipeType],
      description: 'The same recipes, with what is known of each: what a form needs.',
      resolve: ({ name }, _args, { providers }) => providers.recipes(name),
    }),
  }),
});

builder.queryFields((t) => ({
  provider: t.field({
    type: ProviderType,
    nullable: true,
    description: 'One provider; null where no provider has this name.',
    args: {
      name: t.arg.id({ required: true, description: "The provider's name in the configuration." }),
    },
    resolve: (_root, { name }, { providers }) => (providers.find(name) ? { name } : null),
  }),
  providers: t.field({
    type: [ProviderType],
    description: 'Every provider, in the order of the configuration.',
    complexity: { field: 1, multiplier: 10 },
    resolve: (_root, _args, { providers }) => providers.list().map(({ name }) => ({ name })),
  }),
}));

builder.subscriptionField('providerUpdated', (t) =>
  t.field({
    type: ProviderType,
    description:
      'Follows the providers: each one as soon as its health is known, and again after every change of its health or its recipes. They are asked every five seconds.',
    subscribe: (_root, _args, { providerWatch }) => providerWatch.all(),
    resolve: (name) => ({ name }),
  }),
);

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
