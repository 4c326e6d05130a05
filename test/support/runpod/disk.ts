import { mkdir, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import type { CreatePod } from './create.ts';

/**
 * The folders of one pod. A container here shares this machine's file system, so its disk is a folder
 * that it starts in: what is `/workspace` in a real pod is `workspace` there, mounts likewise.
 */
export interface Disk {
  /** The container's disk: its working folder, which stands for `/`. Holds `workspace` and `tmp`. */
  directory: string;
  /** Makes the container's disk anew, as every start of a container does. Mounts keep what they hold. */
  wipe(): Promise<void>;
  /** Removes everything but network volumes. */
  remove(): Promise<void>;
}

export function createDisk(options: {
  scratch: string;
  podId: string;
  mounts: CreatePod['mounts'];
}): Disk {
  const { scratch, podId, mounts } = options;
  const home = path.join(scratch, 'pods', podId);
  const directory = path.join(home, 'disk');
  const links = [
    ...(mounts?.persistent ? [{ at: mounts.persistent.path, to: path.join(home, 'volume') }] : []),
    ...(mounts?.network ?? []).map((mount) => ({
      at: mount.path,
      to: path.join(scratch, 'volumes', encodeURIComponent(mount.volumeId)),
    })),
  ];
  return {
    directory,
    async wipe() {
      await rm(directory, { recursive: true, force: true });
      await mkdir(path.join(directory, 'tmp'), { recursive: true });
      for (const { at, to } of links) {
        const link = path.join(directory, at);
        await mkdir(path.dirname(link), { recursive: true });
        await mkdir(to, { recursive: true });
        await symlink(to, link);
      }
      await mkdir(path.join(directory, 'workspace'), { recursive: true });
    },
    remove: () => rm(home, { recursive: true, force: true, maxRetries: 3 }),
  };
}
