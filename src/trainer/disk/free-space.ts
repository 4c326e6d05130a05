import { statfs } from 'node:fs/promises';

/** The room on a file system, in bytes. */
export interface DiskSpace {
  free: number;
  total: number;
}

/** With less free than this, a job's writes are likely to fail. */
export const fullBytes = 64 * 1024;

/** The room on the file system of this folder. `free` is what this user may fill. */
export async function readSpace(folder: string): Promise<DiskSpace> {
  const { bsize, blocks, bfree, bavail } = await statfs(folder);
  const isRoot = process.getuid?.() === 0;
  return { free: (isRoot ? bfree : bavail) * bsize, total: blocks * bsize };
}
