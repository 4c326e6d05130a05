import { randomBytes, randomInt } from 'node:crypto';
import { waitMs } from '../../../src/lib/async/wait.ts';
import type { Changes } from './changes.ts';
import { type Container, startContainer } from './container.ts';
import type { CreatePod } from './create.ts';
import { createDisk, type Disk } from './disk.ts';
import { containerEnvironment, markOf } from './environment.ts';
import { PodLog } from './log.ts';
import type { Machine } from './market.ts';
import { Problem } from './problem.ts';
import { allowedActions, type PodAction, type PodStatus } from './status.ts';
import { splitWords } from './words.ts';

/** How all pods of a stand-in live. */
export interface PodSettings {
  provisionMs: number;
  startMs: number;
  /** From the SIGTERM of a stop or restart to the SIGKILL. */
  stopGraceMs: number;
  maxLogLines: number;
  /** What every image starts with, where a pod does not say otherwise: its ENTRYPOINT. */
  imageEntrypoint: readonly string[];
  /** Folders before all others in a container's PATH. */
  pathDirs: readonly string[];
  /** Where pods have their disks. */
  scratch: string;
}

/** A pod: its state, and the container that really runs. Its methods are what happens without a call, too. */
export class Pod {
  readonly id = newPodId();
  /** The pod-scoped key that its container gets as RUNPOD_API_KEY. */
  readonly key = `rpa_pod_${randomBytes(24).toString('hex')}`;
  readonly asked: CreatePod;
  readonly machine: Machine;
  readonly createdAt = new Date();
  readonly log: PodLog;
  /** Someone has locked it: it can be neither stopped nor restarted. */
  locked = false;
  /** A stop is accepted, and nothing comes of it. */
  deaf = false;
  readonly #settings: PodSettings;
  readonly #changes: Changes;
  readonly #disk: Disk;
  #status: PodStatus = 'PROVISIONING';
  #startedAt: Date | null = null;
  #containerStarts = 0;
  #container: Container | null = null;
  /** Ends what the pod does now: a start, or a container's run. */
  #halt = new AbortController();
  #life: Promise<void> = Promise.resolve();

  constructor(options: {
    asked: CreatePod;
    machine: Machine;
    settings: PodSettings;
    changes: Changes;
  }) {
    const { asked, machine, settings, changes } = options;
    const env = { ...asked.env };
    if (asked.startSsh) env.PUBLIC_KEY ??= 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIStandIn account';
    if (asked.startJupyter) env.JUPYTER_PASSWORD ??= randomBytes(12).toString('hex');
    this.asked = { ...asked, env };
    this.machine = machine;
    this.log = new PodLog(changes, settings.maxLogLines);
    this.#settings = settings;
    this.#changes = changes;
    this.#disk = createDisk({ scratch: settings.scratch, podId: this.id, mounts: asked.mounts });
    this.#begin('PROVISIONING');
  }

  get name(): string {
    return this.asked.name;
  }

  get status(): PodStatus {
    return this.#status;
  }

  /** When the container of now, or the last one, was started. */
  get startedAt(): Date | null {
    return this.#startedAt;
  }

  /** How often a container was started. */
  get containerStarts(): number {
    return this.#containerStarts;
  }

  /** The container's first process; null where none runs. */
  get pid(): number | null {
    return this.#container?.pid ?? null;
  }

  /** The container's disk, until the pod is terminated. */
  get directory(): string {
    return this.#disk.directory;
  }

  /** What the API allows now. */
  get actions(): readonly PodAction[] {
    return allowedActions(this.#status, this.locked);
  }

  /** Does what the API was asked to do; 409 where the pod's status does not allow it. */
  act(action: PodAction): void {
    if (!this.actions.includes(action)) {
      const state = this.locked ? `${this.#status} and locked` : this.#status;
      throw new Problem(409, `action '${action}' is not valid for a pod that is ${state}`);
    }
    if (action !== 'stop' || !this.deaf) this[action]();
  }

  /** Starts the container, after the old one has ended. */
  start(): void {
    this.#begin('STARTING');
  }

  /** Stops the container, politely at first. */
  stop(): void {
    this.#end('EXITED');
    this.#container?.stop(this.#settings.stopGraceMs);
  }

  restart(): void {
    this.stop();
    this.start();
  }

  /** The pod is gone with its disk; its log ends as soon as the container has. */
  terminate(): void {
    if (this.#status === 'TERMINATED') return;
    this.#end('TERMINATED');
    this.kill();
    this.#life = this.#life.then(() => this.#disk.remove()).finally(() => this.log.close());
  }

  /** The host breaks: the pod is in an unrecoverable state. */
  fail(): void {
    this.#end('ERROR');
    this.kill();
  }

  /** The container is killed, as by the kernel for want of memory. */
  kill(): void {
    this.#container?.kill();
  }

  /** Resolves when nothing of what has been asked so far is left to be done. */
  settled(): Promise<void> {
    return this.#life;
  }

  #begin(status: 'PROVISIONING' | 'STARTING'): void {
    const before = this.#life;
    this.#halt = new AbortController();
    const { signal } = this.#halt;
    this.#setStatus(status);
    this.#life = before
      .then(() => this.#live(signal))
      .catch((error: Error) => {
        this.#say(`error starting container: ${error.message}`);
        if (!signal.aborted) this.#setStatus('ERROR');
      });
  }

  #end(status: PodStatus): void {
    this.#halt.abort();
    this.#setStatus(status);
  }

  /** From the status of now to the end of the container. */
  async #live(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { image } = this.asked;
    if (this.#status === 'PROVISIONING') {
      if (!(await waitMs(this.#settings.provisionMs, signal))) return;
      this.#setStatus('STARTING');
    }
    this.#say('create pod network', `create container ${image}`, `Pulling from ${image}`);
    if (!(await waitMs(this.#settings.startMs, signal))) return;
    await this.#disk.wipe();
    if (signal.aborted) return;
    this.#say(`start container for ${image}: begin`);
    const container = await this.#startContainer();
    if (signal.aborted) container.kill();
    else this.#setStatus('RUNNING');
    await container.ended;
    this.#container = null;
    this.#say(`stop container ${this.id}`);
    if (!signal.aborted) this.#setStatus('EXITED');
  }

  async #startContainer(): Promise<Container> {
    const container = await startContainer({
      words: wordsOf(this.asked, this.#settings.imageEntrypoint),
      env: containerEnvironment(this, this.#settings.pathDirs),
      directory: this.directory,
      mark: markOf(this),
      onLines: (lines) => this.log.append('container', lines),
    });
    this.#container = container;
    this.#containerStarts += 1;
    this.#startedAt = new Date();
    return container;
  }

  #say(...lines: string[]): void {
    this.log.append('system', lines);
  }

  #setStatus(status: PodStatus): void {
    this.#status = status;
    this.#changes.notify();
  }
}

/** The first process: an entrypoint of the pod's stands instead of the image's, which gets the rest as its arguments. */
function wordsOf(
  { args, entrypoint, cmd }: CreatePod,
  imageEntrypoint: readonly string[],
): string[] {
  return [...(entrypoint ?? imageEntrypoint), ...(cmd ?? splitWords(args))];
}

/** 14 lower-case letters and digits. */
function newPodId(): string {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';
  return Array.from({ length: 14 }, () => alphabet[randomInt(alphabet.length)]).join('');
}
