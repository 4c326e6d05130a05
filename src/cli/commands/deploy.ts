import { DeployJobDocument } from '@trainyard/client';
import type { CommandContext } from '../context.ts';
import type { KindFlag } from '../definitions/kind-flags.ts';
import { type DeployFlags, readDeployInput } from './deploy-input.ts';
import { type StartedOptions, showStarted } from './started.ts';

export interface DeployOptions extends StartedOptions {
  flags: DeployFlags;
  /** The flags that only one kind of provider understands. */
  ofKinds: readonly KindFlag[];
}

/** Starts a job and prints its id. With `--follow` it prints the log, and the exit code says how the job ended. */
export async function deploy(
  context: CommandContext,
  file: string | undefined,
  { flags, ofKinds, ...options }: DeployOptions,
): Promise<number> {
  const input = await readDeployInput(context, file, { flags, ofKinds });
  const { deployJob } = await context.api.ask(DeployJobDocument, { input });
  return showStarted(context, deployJob.job, options);
}
