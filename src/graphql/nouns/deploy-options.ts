import type { DeployChoice, DeployOption, DeployOptions } from '../../core/deploy-options.ts';
import type { JsonObject } from '../../core/job.ts';
import { kindWord } from '../../core/provider-kind.ts';
import { providerDefinitions } from '../../providers/registry.ts';
import { builder } from '../engine/builder.ts';

const EnvVarInput = builder.inputType('EnvVar', {
  description: 'One environment variable.',
  fields: (t) => ({
    name: t.string({
      required: true,
      description: 'The name: letters, digits and `_`, at most 255 characters.',
    }),
    value: t.string({ required: true, description: 'The value. No query returns it.' }),
  }),
});

const kinds = providerDefinitions.flatMap((definition) => {
  const { kind, deployOptions } = definition;
  if (deployOptions === null) return [];
  return [{ kind, word: kindWord(definition), type: inputTypeOf(deployOptions) }];
});

/** One field of `DeployJobInput` for each kind that has options of its own, named by the kind's word. */
export function deployOptionFields(t: InputFields) {
  return Object.fromEntries(
    kinds.map(({ kind, word, type }) => [
      word,
      t.field({ type, description: `Options for providers of the kind ${kind} alone.` }),
    ]),
  );
}

/** The options in a deploy's input that are for one kind alone, by the kind's word. */
export function deployOptionsIn(input: object): Record<string, JsonObject> {
  const given: Readonly<Record<string, unknown>> = { ...input };
  return Object.fromEntries(
    kinds.flatMap(({ word }) => {
      const options = given[word];
      // JSON drops undefined values, which a stored job cannot hold.
      return options ? [[word, JSON.parse(JSON.stringify(options))]] : [];
    }),
  );
}

type InputFields = Parameters<Parameters<typeof builder.inputType>[1]['fields']>[0];

function inputTypeOf({ name, description, fields }: DeployOptions) {
  return builder.inputType(name, {
    description,
    fields: (t) =>
      Object.fromEntries(
        Object.entries(fields).map(([field, option]) => [field, fieldOf(t, option)]),
      ),
  });
}

function fieldOf(t: InputFields, { type, list, description }: DeployOption) {
  const item = typeof type === 'object' ? choiceOf(type) : type === 'EnvVar' ? EnvVarInput : type;
  return list ? t.field({ type: [item], description }) : t.field({ type: item, description });
}

function choiceOf({ name, description, values }: DeployChoice) {
  const described = Object.entries(values).map(([word, meaning]) => [
    word,
    { description: meaning },
  ]);
  return builder.enumType(name, { description, values: Object.fromEntries(described) });
}
