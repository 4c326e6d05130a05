import { type DeployJobInput, ProvidersDocument } from '@trainyard/client';
import { kindWord } from '../../core/provider-kind.ts';
import { findInexact } from '../../lib/text/exact-json.ts';
import { nearest } from '../../lib/text/nearest.ts';
import { providerDefinitions } from '../../providers/registry.ts';
import type { CommandContext } from '../context.ts';
import type { KindFlag } from '../definitions/kind-flags.ts';
import type { Api } from '../server/api.ts';
import { asFields, type Fields, readConfig, readFields, usage } from './config-items.ts';
import { optionsOfKinds } from './kind-options.ts';

/** The flags of `deploy`. Those that only one kind of provider understands have the names of `KindFlag`. */
export interface DeployFlags {
  provider?: string;
  recipe?: string;
  model?: string;
  dataset?: string;
  name?: string;
  idempotencyKey?: string;
  config?: string[];
  [flagOfKind: string]: unknown;
}

/**
 * Reads a deploy's input: the fields of the file (`-` is stdin), which flags replace. The server checks most of it.
 * Throws a `CommandError` for unknown fields, for numbers that JSON cannot hold exactly, and where the model is
 * missing or a provider must be chosen.
 */
export async function readDeployInput(
  { api, environment }: CommandContext,
  file: string | undefined,
  { flags, ofKinds }: { flags: DeployFlags; ofKinds: readonly KindFlag[] },
): Promise<DeployJobInput> {
  const { provider, recipe, model, dataset, name, idempotencyKey, config } = flags;
  const fields = file === undefined ? {} : await readFields(file);
  checkNames(fields);
  const given = present({
    provider,
    recipe,
    name,
    modelName: model,
    datasetPath: dataset,
    idempotencyKey,
    config: config && { ...asFields(fields.config), ...(await readConfig(config)) },
    ...optionsOfKinds({ fields, flags, ofKinds }, environment),
  });
  const input: Fields = { ...fields, ...given };
  const inexact = findInexact(input.config, 'config');
  if (inexact !== null) throw usage(inexact);
  if (!hasModel(input)) {
    throw usage('Name the model to train: --model NAME, or `modelName` in the file.');
  }
  return { ...input, provider: input.provider ?? (await onlyProvider(api)) };
}

const names = [
  'provider',
  'recipe',
  'name',
  'modelName',
  'datasetPath',
  'config',
  'idempotencyKey',
] as const satisfies readonly (keyof DeployJobInput)[];

/** Throws for an unknown field. This comes before the check for missing fields, because it may be a misspelt one. */
function checkNames(fields: Fields): void {
  const kinds = providerDefinitions.filter(({ deployOptions }) => deployOptions !== null);
  const known = [...names, ...kinds.map(kindWord)];
  const wrong = Object.keys(fields).find((field) => !known.includes(field));
  if (wrong === undefined) return;
  const meant = nearest(wrong, known);
  throw usage(
    `${JSON.stringify(wrong)} is no field of a deploy${meant === null ? '' : ` (is it ${JSON.stringify(meant)}?)`}; the fields are ${known.join(', ')}.`,
  );
}

/** True where there is a model. The server checks the types of all fields, and names the wrong one. */
function hasModel(
  input: Fields,
): input is Fields & Omit<DeployJobInput, 'provider'> & { provider?: string } {
  return input.modelName != null;
}

async function onlyProvider(api: Api): Promise<string> {
  const { providers } = await api.ask(ProvidersDocument, {});
  const [first, ...others] = providers;
  if (first && others.length === 0) return first.name;
  throw usage(
    first
      ? `Choose where to run: --provider ${providers.map(({ name }) => name).join(' or ')}.`
      : 'The server has no provider to run a job: add one to its trainyard.config.json.',
  );
}

function present(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
