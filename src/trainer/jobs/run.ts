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
/** How often to look if the system does not report changes, or if a kill has not worked yet. */
const hurriedPollMs = 100;
const startPollMs = 20;
/** The claimant of a job that must never start. No process has this identity, so none is ever signalled. */
const noProcess: ProcessIdentity = { pid: process.pid, start: 'never', namespace: '' };

/** Why a job ended after somebody removed its folder. */
export const removedFolder = "the job's folder was removed, and without it no job can run";

export interface RunOptions {
  folder: JobFolder;
  launch: Pick<LaunchOptions, 'nodePath'>;
  /** Writes the plan. It is called only if no runner has claimed the job. */
  writePlan: () => Promise<void>;
  /** Called when the log may have grown. */
  onLog: () => void;
}

/**
 * One job's process from its start to its end, whether this server or an earlier one has started it.
 * The files in the job's folder decide what is true; signals and watches only make it faster.
 */
export class Run {
  readonly #options: RunOptions;
  readonly #wakeup = new Wakeup();
  #runner: ChildProcess | null = null;
  #runnerError: string | null = null;
  /** Both are kept in memory, because the folder may be removed while the job runs. Neither ever changes. */
  #claim: ProcessIdentity | null = null;
  #command: ProcessIdentity | null = null;
  /** On a clock that never jumps. */
  #killAt: number | null = null;

  constructor(options: RunOptions) {
    this.#options = options;
  }

  /** Starts the job if it has not been started before. Resolves to how it ended, or to null if the signal is aborted. */
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

  /** Asks the job to end, and kills it after `killMs`. An earlier kill that was asked for before stays. */
  stop(killMs: number): void {
    const killAt = performance.now() + killMs;
    this.#killAt = Math.min(killAt, this.#killAt ?? Number.POSITIVE_INFINITY);
    if (this.#isKillDue()) this.#kill();
    this.#signalRunner('SIGTERM');
    this.#wakeup.wake();
  }

  /** The job's first process, which leads its group; null before it is there. */
  get pid(): number | null {
    return this.#readCommand()?.pid ?? null;
  }

  /** Resolves to true once the job's process is there, to false if it is over or the signal is aborted. */
  async started(signal: AbortSignal): Promise<boolean> {
    const { folder } = this.#options;
    for (;;) {
      const command = this.#readCommand();
      if (command !== null) return isAlive(command);
      if (readExit(folder.exit) !== null || !(await waitMs(startPollMs, signal))) return false;
    }
  }

  /** Sends a signal to every process of the job's group. Returns false if there is none. */
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
    // A runner of an earlier server may be about to start the job. Whoever claims it first decides.
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
    const alive = this.#runnerIsAlive(); // before the exit is read: a runner writes it before it ends
    const exit = readExit(folder.exit);
    if (exit !== null) return exit;
    this.#readCommand(); // the file may be removed later
    if (alive) {
      if (removed || this.#isKillDue()) this.#kill();
      return null;
    }
    this.#kill(); // nobody would see what a job without a runner does
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

  /** Asks the runner first: if the command is gone, only the runner knows that the group is still the job's. */
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
