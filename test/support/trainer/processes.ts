import { expect } from 'vitest';
import type { ProcessIdentity } from '../../../src/lib/system/process-identity.ts';
import { jobFolder } from '../../../src/trainer/disk/job-folder.ts';
import { readClaim, readProcess } from '../../../src/trainer/disk/run-files.ts';

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
