import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { isatty } from 'node:tty';

/**
 * Runs this program again with the Node that was installed beside it, and ends this process as that one ends.
 * Returns false where there is none for this machine.
 */
export function runWithOwnNode() {
  const node = ownNode();
  if (node === null || node === process.execPath) return false;
  // The options of the older Node stay with it: the newer one may not know them.
  const child = spawn(node, process.argv.slice(1), { stdio: 'inherit' });
  const forward = (signal) => child.kill(signal);
  // A terminal sends Ctrl-C to both, and a second one would end a command that is about to say how to resume.
  const atTerminal = [0, 1, 2].some((stream) => isatty(stream));
  process.on('SIGINT', atTerminal ? () => {} : forward);
  process.on('SIGTERM', forward);
  process.on('SIGHUP', forward);
  child.on('error', (error) => {
    console.error(`trainyard: ${node} cannot be started: ${error.message}`);
    process.exit(70);
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
  return true;
}

/** The path of the Node that npm installed as one of Trainyard's optional dependencies; null where it did not. */
function ownNode() {
  const require = createRequire(import.meta.url);
  try {
    return require.resolve(`node-${process.platform}-${process.arch}/bin/node`);
  } catch {
    return null;
  }
}
