import { expect } from 'vitest';
import { jobFolder } from '../../../src/trainer/job-folder.ts';
import type { ProcessIdentity } from '../../../src/trainer/process-identity.ts';
import { readClaim, readProcess } from '../../../src/trainer/run-files.ts';

/** Who the job's runner is, and its command; a job may print before both are written down. */
export async function processesOf(
  dataDir: string,
  id: string,
): Promise<{ runner: ProcessIdentity; command: ProcessIdentity }> {
  const folder = jobFolder(dataDir, id);
  await expect.poll(() => readProcess(folder.process)).not.toBe(null);
  const [runner, command] = [readClaim(folder.claim), readProcess(folder.process)?.command];
  if (!runner || !command) throw new Error(`job ${id} has no process`);
  return { runner, command };
}
