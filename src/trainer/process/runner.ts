/**
 * The process between the training server and a job: `node runner.ts FOLDER`. It starts the command
 * of FOLDER's plan in a process group of its own, waits for it, and writes down how it ended. The
 * command has this process's stdout and stderr. The runner needs no server: it outlives one, and the
 * next one reads what it wrote. SIGTERM asks the job to end and SIGQUIT kills it, even if the command
 * is gone and only its children are left. Signals of a closing terminal are ignored.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { flushCompileCache } from 'node:module';
import { setTimeout as delay } from 'node:timers/promises';
import { identityOf, isGroupDead, isStopped } from '../../lib/system/process-identity.ts';
import { fullBytes, readSpace } from '../disk/free-space.ts';
import { folderAt } from '../disk/job-folder.ts';
import { claimRun, type RunExit, type RunPlan, type RunProcess } from '../disk/run-files.ts';
import { jobMark, killMarked } from './job-mark.ts';

const retryMs = 1000;
/** The time that processes have which a job leaves behind: to end by themselves, and then after a SIGTERM. */
const lastWordsMs = 500;
const leftBehindMs = 2000;
/** How often to look whether a process is left in the job's group. */
const groupPollMs = 20;
/** How often to look whether the disk is full. The server may be down, so the runner looks, too. */
const diskPollMs = 1000;
/** Only every fifth poll looks at all processes of the machine, which takes some milliseconds. */
const pollsPerLook = 5;

let command: ChildProcess | null = null;
/** When the job was asked to end, by a clock that never jumps. */
let stoppedAt: number | null = null;
let forced = false;

process.on('SIGTERM', () => {
  stoppedAt ??= performance.now();
  signalGroup('SIGTERM');
  signalGroup('SIGCONT'); // a stopped job cannot end
});
process.on('SIGQUIT', () => {
  stoppedAt ??= performance.now();
  forced = true;
  signalGroup('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});

await run(process.argv[2] ?? '');

async function run(path: string): Promise<void> {
  const folder = folderAt(path);
  const self = identityOf(process.pid);
  if (self === null) throw new Error('this process cannot find itself');
  if (!claimRun(folder.claim, self)) return;
  const plan: RunPlan = JSON.parse(readFileSync(folder.plan, 'utf8'));
  rmSync(folder.plan, { force: true });
  const env = { ...plan.env, ...jobMark(self) };
  const disk = watchDisk(folder.path);
  const exit = await runCommand({ ...plan, env }, folder.process);
  await endGroup(plan.graceMs);
  const diskFull = await disk.end();
  if (forced) await killMarked(self);
  command = null; // from now on its pid may belong to another process
  await writeFinally(folder.exit, { ...exit, diskFull });
}

async function runCommand(plan: RunPlan, processFile: string): Promise<RunExit> {
  const over = (code: number | null, signal: string | null, error: string | null): RunExit => ({
    code,
    signal,
    error,
    finishedAt: Date.now(),
  });
  if (stoppedAt !== null) return over(null, 'SIGTERM', null);
  const [program = '', ...args] = plan.command;
  try {
    const child = spawn(program, args, {
      cwd: plan.cwd,
      env: plan.env,
      detached: true,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    command = child;
    const ended = new Promise<RunExit>((resolve) => {
      child.once('error', (error) => resolve(over(null, null, whyNot(program, error))));
      child.once('exit', (code, signal) => resolve(over(code, signal, null)));
    });
    const identity = child.pid === undefined ? null : identityOf(child.pid);
    if (identity !== null) await writeFinally(processFile, { command: identity });
    flushCompileCache(); // now, so that nothing is written after the job's end
    const exit = await ended;
    if (exit.error !== null) writeSync(2, `[trainyard] ${exit.error}\n`);
    return exit;
  } catch (error) {
    const reason = whyNot(program, error);
    writeSync(2, `[trainyard] ${reason}\n`);
    return over(null, null, reason);
  }
}

/** Watches the disk. `end` resolves to whether the disk was ever full while the command was not stopped. */
function watchDisk(folder: string): { end(): Promise<boolean> } {
  let wasFull = false;
  const look = async () => {
    const { free } = await readSpace(folder);
    wasFull ||= free < fullBytes && !(command?.pid && isStopped(command.pid));
  };
  const timer = setInterval(() => void look().catch(() => {}), diskPollMs);
  return {
    end: async () => {
      clearInterval(timer);
      await look().catch(() => {});
      return wasFull;
    },
  };
}

function whyNot(program: string, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return `cannot start "${program}": there is no such program`;
  if (code === 'EACCES') return `cannot start "${program}": it is not an executable file`;
  return `cannot start "${program}": ${error instanceof Error ? error.message : String(error)}`;
}

/** Ends the processes that are left in the group: they would hold the GPU for ever. */
async function endGroup(graceMs: number): Promise<void> {
  if (stoppedAt === null && !(await groupEnds(lastWordsMs))) {
    signalGroup('SIGTERM');
    signalGroup('SIGCONT');
  }
  const restMs = stoppedAt === null ? leftBehindMs : stoppedAt + graceMs - performance.now();
  if (await groupEnds(restMs)) return;
  signalGroup('SIGKILL');
  forced ||= stoppedAt !== null;
}

/** Returns false if a process is left in the group after that time, or if the job must end by force. */
async function groupEnds(withinMs: number): Promise<boolean> {
  const until = performance.now() + withinMs;
  for (let poll = 1; signalGroup(0); poll += 1) {
    if (poll % pollsPerLook === 0 && command?.pid && isGroupDead(command.pid)) return true;
    if (forced || performance.now() >= until) return false;
    await delay(groupPollMs);
  }
  return true;
}

/** Returns false if no process is left in the group. */
function signalGroup(signal: NodeJS.Signals | 0): boolean {
  if (command?.pid === undefined) return false;
  try {
    return process.kill(-command.pid, signal);
  } catch {
    return false;
  }
}

/** Writes the file, and tries again for as long as the disk is full: nobody else knows its content. */
async function writeFinally(file: string, content: RunProcess | RunExit): Promise<void> {
  const temporary = `${file}.${process.pid}`;
  for (;;) {
    try {
      const handle = openSync(temporary, 'w', 0o600);
      try {
        writeSync(handle, JSON.stringify(content));
        if ('finishedAt' in content) fsyncSync(handle); // no process survives a power loss
      } finally {
        closeSync(handle);
      }
      renameSync(temporary, file);
      return;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return; // the folder is gone
      await delay(retryMs);
    }
  }
}
