import { RerunJobDocument, type RerunJobInput } from '@trainyard/client';
import { findInexact } from '../../lib/text/exact-json.ts';
import type { CommandContext } from '../context.ts';
import { findJob } from '../server/find-job.ts';
import { readConfig, usage } from './config-items.ts';
import type { DeployOptions } from './deploy.ts';
import { optionsOfKinds } from './kind-options.ts';
import { showStarted } from './started.ts';

/** Deploys a job once more, under the changes that the flags tell, and prints the new job's id. */
export async function rerun(
  context: CommandContext,
  given: string,
  { flags, ofKinds, ...options }: DeployOptions,
): Promise<number> {
  const { api, environment } = context;
  const { name, model, dataset, config, idempotencyKey } = flags;
  const settings = config && (await readConfig(config));
  const inexact = findInexact(settings, 'config');
  if (inexact !== null) throw usage(inexact);
  const ofKind = optionsOfKinds({ fields: {}, flags, ofKinds }, environment);
  const { id } = await findJob(api, given);
  const input: RerunJobInput = {
    jobId: id,
    name,
    modelName: model,
    datasetPath: dataset,
    config: settings,
    idempotencyKey,
    ...ofKind,
  };
  const { rerunJob } = await api.ask(RerunJobDocument, { input });
  return showStarted(context, rerunJob.job, options);
}
