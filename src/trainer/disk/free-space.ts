import { statfs } from 'node:fs/promises';

/** The room on a file system, in bytes. */
export interface DiskSpace {
  free: number;
  total: number;
}

/** With less than this, what a job writes is likely to be refused. */
export const fullBytes = 64 * 1024;

/** The room where this folder is, as far as this user may take it. */
export async function readSpace(folder: string): Promise<DiskSpace> {
  const { bsize, blocks, bfree, bavail } = await statfs(folder);
  const isRoot = process.getuid?.() === 0;
  return { free: (isRoot ? bfree : bavail) * bsize, total: blocks * bsize };
}
