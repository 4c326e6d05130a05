import { watch } from 'node:fs';

/** Changes that come faster than this are one change. */
const paceMs = 5;

/** Tells of changed files; `reliable` turns false where the system cannot tell any more, and the caller must look for itself. */
export interface FolderWatch extends Disposable {
  readonly reliable: boolean;
}

/** Calls with each changed file's name: at once after a quiet time, then at most once in 5 ms a file. */
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
