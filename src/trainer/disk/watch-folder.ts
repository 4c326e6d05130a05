import { watch } from 'node:fs';

/** Changes of one file within this time are reported once. */
const paceMs = 5;

/** A watch of one folder. When `reliable` is false, the system reports no changes, and the caller must look by itself. */
export interface FolderWatch extends Disposable {
  readonly reliable: boolean;
}

/** Calls `onChange` with the name of each changed file, at most once in 5 ms for each file. */
export function watchFolder(folder: string, onChange: (name: string) => void): FolderWatch {
  const pacing = new Map<string, { timer: NodeJS.Timeout; again: boolean }>();
  let reliable = true;

  const report = (name: string) => {
    const waiting = pacing.get(name);
    if (waiting !== undefined) {
      waiting.again = true;
      return;
    }
    const timer = setTimeout(() => {
      const { again = false } = pacing.get(name) ?? {};
      pacing.delete(name);
      if (again) report(name);
    }, paceMs);
    pacing.set(name, { timer, again: false });
    onChange(name);
  };

  const close = () => {
    watcher?.close();
    for (const { timer } of pacing.values()) clearTimeout(timer);
    pacing.clear();
  };
  const watcher = tryWatch(folder, (name) => report(name));
  if (watcher === null) reliable = false;
  watcher?.on('error', () => {
    reliable = false;
    watcher.close();
  });
  return {
    get reliable() {
      return reliable;
    },
    [Symbol.dispose]: close,
  };
}

function tryWatch(folder: string, onName: (name: string) => void) {
  try {
    return watch(folder, (_event, name) => {
      if (name !== null) onName(name);
    });
  } catch {
    return null; // the system has no watch left to give
  }
}
