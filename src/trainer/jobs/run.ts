import type { ChildProcess } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import path from 'node:path';
import { messageOf, TrainyardError } from '../../core/errors.ts';
import { waitMs } from '../../lib/async/wait.ts';
import { Wakeup } from '../../lib/async/wakeup.ts';
import {
  isAlive,
  type ProcessIdentity,
  signalGroup,
  signalProcess,
} from '../../lib/system/process-identity.ts';
import { isRemoved, type JobFolder } from '../disk/job-folder.ts';
import { claimRun, type RunExit, readClaim, readExit, readProcess } from '../disk/run-files.ts';
import { watchFolder } from '../disk/watch-folder.ts';
import { killMarked } from '../process/job-mark.ts';
import { type LaunchOptions, startRunner } from '../process/launch.ts';

const pollMs = 1000;
/** How often to look where the system does not tell of changes, or a kill has not worked yet. */
const hurriedPollMs = 100;
const startPollMs = 20;
/** Claims a job that shall never start. It can be no process, so it is never signalled. */
const noProcess: ProcessIdentity = { pid: process.pid, start: 'never', namespace: '' };

/** Why a job has ended whose folder somebody has removed. */
export const removedFolder = "the job's folder was removed, and without it no job can run";

export interface RunOptions {
  folder: JobFolder;
  launch: Pick<LaunchOptions, 'nodePath'>;
  /** Writes the plan; called where no runner has claimed the job yet. */
  writePlan: () => Promise<void>;
  /** Called when the log may have grown. */
  onLog: () => void;
}

/**
 * One job's process from its start to its end, whoever started it: this server, or an earlier one.
 * The files in the job's folder are the truth; signals and watches only make it prompt.
 */
export class Run {
  readonly #options: RunOptions;
  readonly #wakeup = new Wakeup();
  #runner: ChildProcess | null = null;
  #runnerError: string | null = null;
  /** Both never change once they are there, and the job's folder may be removed while it runs. */
  #claim: ProcessIdentity | null = null;
  #command: ProcessIdentity | null = null;
  /** On a clock that never jumps. */
  #killAt: number | null = null;

  constructor(options: RunOptions) {
    this.#options = options;
  }

  /** Starts the job unless that was done before; resolves to how it ended, or to null when the signal is aborted. */
  async follow(signal: AbortSignal): Promise<RunExit | null> {
    const { folder, onLog } = this.#options;
    using watched = watchFolder(folder.path, (name) => this.#changed(name));
    const over = await this.#start();
    if (over !== null) return over;
    while (!signal.aborted) {
      const exit = await this.#look();
      if (exit !== null) return exit;
      await this.#sleep(watched.reliable ? pollMs : hurriedPollMs, signal);
      onLog();
    }
    return null;
  }

  /** Asks the job to end, and ends it by force after `killMs`, or earlier if it was told so before. */
  stop(killMs: number): void {
    const killAt = performance.now() + killMs;
    this.#killAt = Math.min(killAt, this.#killAt ?? Number.POSITIVE_INFINITY);
    if (this.#isKillDue()) this.#kill();
    this.#signalRunner('SIGTERM');
    this.#wakeup.wake();
  }

  /** Resolves to true as soon as the job's process is there, to false when it is over or the signal is aborted. */
  async started(signal: AbortSignal): Promise<boolean> {
    const { folder } = this.#options;
    for (;;) {
      const command = this.#readCommand();
      if (command !== null) return isAlive(command);
      if (readExit(folder.exit) !== null || !(await waitMs(startPollMs, signal))) return false;
    }
  }

  /** Stops or continues every process of the job. False: it has none. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): boolean {
    const command = this.#readCommand();
    return command !== null && signalGroup(command, signal);
  }

  async #start(): Promise<RunExit | null> {
    const { folder, launch, writePlan } = this.#options;
    if (readExit(folder.exit) !== null || this.#readClaim() !== null) return null;
    let refusal: string | null = null;
    try {
      await writePlan();
    } catch (error) {
      if (!(error instanceof TrainyardError)) throw error;
      refusal = error.message;
    }
    if (refusal === null && this.#killAt === null) {
      this.#runner = this.#watch(startRunner(folder, launch));
      return null;
    }
    // A runner of an earlier server may be just about to start it: whoever claims decides.
    if (!claimRun(folder.claim, noProcess)) return null;
    if (refusal !== null) appendFileSync(folder.log, `[trainyard] ${refusal}\n`);
    return { code: null, signal: null, error: refusal, finishedAt: Date.now() };
  }

  #watch(runner: ChildProcess): ChildProcess {
    runner.once('error', (error) => {
      this.#runnerError = `the runner did not start: ${messageOf(error)}`;
      this.#wakeup.wake();
    });
    runner.once('exit', (code) => {
      if (code) this.#runnerError = `the runner ended with exit code ${code}; the log says why`;
      this.#wakeup.wake();
    });
    runner.unref();
    return runner;
  }

  #changed(name: string): void {
    const { folder, onLog } = this.#options;
    if (name === path.basename(folder.log)) onLog();
    else if (name === path.basename(folder.exit)) this.#wakeup.wake();
  }

  async #look(): Promise<RunExit | null> {
    const { folder } = this.#options;
    const removed = isRemoved(folder);
    const alive = this.#runnerIsAlive(); // asked first: a runner writes how it ended before it goes
    const exit = readExit(folder.exit);
    if (exit !== null) return exit;
    this.#readCommand(); // while it is there
    if (alive) {
      if (removed || this.#isKillDue()) this.#kill();
      return null;
    }
    this.#kill(); // what an orphaned job still does, nobody would see
    if (this.#claim !== null) await killMarked(this.#claim);
    const error =
      this.#runnerError ?? 'the process vanished: it was killed, or the machine restarted';
    return {
      code: null,
      signal: null,
      error: removed ? removedFolder : error,
      finishedAt: Date.now(),
    };
  }

  #runnerIsAlive(): boolean {
    const claim = this.#readClaim();
    if (claim !== null) return isAlive(claim);
    const runner = this.#runner;
    if (runner === null || this.#runnerError !== null) return false;
    return runner.exitCode === null && runner.signalCode === null;
  }

  #isKillDue(): boolean {
    return this.#killAt !== null && this.#killAt <= performance.now();
  }

  /** The runner alone can tell the job's group from a later one where the command itself is gone. */
  #kill(): void {
    this.#signalRunner('SIGQUIT');
    const command = this.#readCommand();
    if (command !== null) signalGroup(command, 'SIGKILL');
  }

  #signalRunner(signal: 'SIGTERM' | 'SIGQUIT'): void {
    const claim = this.#readClaim();
    if (claim !== null) signalProcess(claim, signal);
    else this.#runner?.kill(signal);
  }

  #readClaim(): ProcessIdentity | null {
    this.#claim ??= readClaim(this.#options.folder.claim);
    return this.#claim;
  }

  #readCommand(): ProcessIdentity | null {
    this.#command ??= readProcess(this.#options.folder.process)?.command ?? null;
    return this.#command;
  }

  async #sleep(ms: number, signal: AbortSignal): Promise<void> {
    const untilKill =
      this.#killAt === null ? ms : Math.max(this.#killAt - performance.now(), hurriedPollMs);
    const timer = setTimeout(() => this.#wakeup.wake(), Math.min(ms, untilKill));
    try {
      await this.#wakeup.next(signal);
    } finally {
      clearTimeout(timer);
    }
  }
}
