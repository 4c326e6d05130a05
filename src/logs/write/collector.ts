import { codeOf, messageOf, TrainyardError } from '../../core/errors.ts';
import type { JobProgress } from '../../core/job.ts';
import { type LineBlock, type MetricPoint, maxLines } from '../../core/log.ts';
import type { JobRef, LogBatch, Provider, ProviderState } from '../../core/provider.ts';
import type { Append, Lease, LogHead, LogStore } from '../../core/store.ts';
import { Backoff } from '../../lib/async/backoff.ts';
import { waitMs } from '../../lib/async/wait.ts';
import type { Wakeup } from '../../lib/async/wakeup.ts';
import type { Logger } from '../../lib/system/logger.ts';
import { MetricsReader } from '../../lines/metrics.ts';
import { shownOf } from '../../lines/redraw/unfinished.ts';
import {
  holdsBack,
  noRedraws,
  type RedrawState,
  settleRedraw,
  thinRedraws,
} from '../../lines/redraw.ts';
import type { GrowingLines } from '../growing-lines.ts';
import type { UnstoredLogs } from '../unstored-logs.ts';
import { formatState, parseState, storeHeldBack } from './collector-state.ts';
import { gather } from './gather.ts';

/** A progress bar's last state is stored when its log is silent for this long, in milliseconds. */
const settleAfterMs = 500;
/** The longest pause after the store has refused lines: another try costs nobody anything. */
const storeRestMs = 5000;

export interface CollectorOptions {
  provider: Provider;
  ref: JobRef;
  lease: Lease;
  logs: LogStore;
  /** Holds the line that the job is still writing, for readers. */
  growing: GrowingLines;
  /** Holds why lines cannot be stored, for readers. */
  unstored: UnstoredLogs;
  logger: Logger;
  /** How long lines may be gathered before they are stored, in milliseconds, at present; 0 by default. */
  pauseMs?: () => number;
  /** About how long the first pause after a failed attempt is, in milliseconds; 250 by default. */
  firstRestMs?: number;
  /** Called after every append. */
  advanced: () => void;
  /** Woken when the provider answers again; ends a pause between two attempts early. */
  answered: Wakeup;
}

/** Why a log cannot be read, and since when, in milliseconds of the monotonic clock. */
export interface LogTrouble {
  since: number;
  error: unknown;
}

/** Follows one live job's log from its provider into the store. */
export class Collector {
  readonly #options: CollectorOptions;
  readonly #backoff: Backoff;
  #trouble: LogTrouble | null = null;
  #head: LogHead = { total: 0, cursor: null, collectorState: null, complete: false };
  #redraw: RedrawState = noRedraws;
  #metrics = new MetricsReader();

  constructor(options: CollectorOptions) {
    this.#options = options;
    this.#backoff = new Backoff({ firstMs: options.firstRestMs ?? 250, maxMs: 60_000 });
  }

  /** Why the log cannot be read; null while it can, and before the first attempt. */
  get trouble(): LogTrouble | null {
    return this.#trouble;
  }

  /** The job's progress, as its log tells it. */
  get progress(): JobProgress {
    return this.#metrics.progress;
  }

  /**
   * Collects until the log is at its end, and resolves to the job's end as the log told it; null where it told
   * none or the signal was aborted. Any other error is tried again for ever, but two: rejects with `NOT_FOUND`
   * where the provider does not know the job, and with `CONFLICT` where the lease is lost or the log is full.
   */
  async run(signal: AbortSignal): Promise<ProviderState | null> {
    using stack = new DisposableStack();
    const { growing, unstored, ref } = this.#options;
    stack.defer(() => growing.delete(ref.jobId));
    stack.defer(() => unstored.delete(ref.jobId));
    while (!signal.aborted) {
      try {
        await this.#resume();
        const ended = await this.#follow(signal);
        if (ended) return ended.state;
        if (!signal.aborted) throw new TrainyardError('PROVIDER_UNAVAILABLE', 'the log was cut');
      } catch (error) {
        if (signal.aborted) break;
        const code = codeOf(error);
        if (code === 'NOT_FOUND' || code === 'CONFLICT') throw error;
        await this.#rest(error, signal);
      }
    }
    return null;
  }

  /** Stores a progress bar's last state that is still held back; callers call it when no line will follow. */
  async settle(): Promise<void> {
    const { logs, lease, advanced } = this.#options;
    // What is held back is read from the store, since this collector may not have begun.
    if (await storeHeldBack(logs, lease)) advanced();
  }

  /** Reads its state from the store again: after a crash, and after an append that may have failed. */
  async #resume(): Promise<void> {
    this.#head = await this.#options.logs.head(this.#options.ref.jobId);
    const { redraw, metrics } = parseState(this.#head.collectorState);
    this.#redraw = redraw;
    this.#metrics = new MetricsReader(metrics);
  }

  async #follow(signal: AbortSignal): Promise<LogBatch['ended']> {
    const { provider, ref } = this.#options;
    const controller = new AbortController();
    const inner = AbortSignal.any([signal, controller.signal]);
    const followed = provider.followLogs(ref, this.#head.cursor, inner);
    const batches = gather(followed, this.#options.pauseMs ?? (() => 0));
    try {
      let coming = batches.next();
      for (;;) {
        const batch = await this.#nextOrSettle(coming, inner);
        if (batch === 'settled') continue;
        if (batch.done) return undefined;
        await this.#take(batch.value);
        this.#backoff.reset();
        this.#trouble = null;
        this.#options.unstored.delete(ref.jobId);
        if (batch.value.ended) return batch.value.ended;
        coming = batches.next();
      }
    } finally {
      controller.abort();
      await batches.return();
    }
  }

  /** Waits for the next batch, but only until a progress bar's last state that is held back must be stored. */
  async #nextOrSettle(
    coming: Promise<IteratorResult<LogBatch, unknown>>,
    signal: AbortSignal,
  ): Promise<IteratorResult<LogBatch, unknown> | 'settled'> {
    if (!holdsBack(this.#redraw)) return coming;
    const settle = new AbortController();
    const due = waitMs(settleAfterMs, AbortSignal.any([signal, settle.signal]));
    const first = await Promise.race([coming, due.then(() => 'due' as const)]);
    if (first !== 'due') {
      settle.abort();
      return first;
    }
    const { block, state } = settleRedraw(this.#redraw, Date.now());
    this.#redraw = state;
    if (block.lines.length > 0) {
      await this.#append({ ...block, cursor: this.#head.cursor, isByClock: true });
    }
    return 'settled';
  }

  async #take(batch: LogBatch): Promise<void> {
    const { growing, ref } = this.#options;
    if (batch.unfinished !== undefined) {
      const { text, time } = batch.unfinished;
      growing.set(ref.jobId, { offset: this.#head.total, text: shownOf(text), time });
      return;
    }
    const kept: LineBlock = { lines: [], runs: [] };
    const gaps: NonNullable<Append['gaps']> = [];
    const metrics: MetricPoint[] = [];
    let isByClock = false;
    let done = 0;
    const take = (to: number) => {
      const part = slice(batch, done, to);
      const thinned = thinRedraws(this.#redraw, part);
      this.#redraw = thinned.state;
      isByClock ||= thinned.places !== null && thinned.block.lines.length > 0;
      const first = this.#head.total + kept.lines.length;
      this.#read(part, (at) => first + (thinned.places?.[at] ?? at), metrics);
      for (const text of thinned.block.lines) kept.lines.push(text);
      for (const run of thinned.block.runs) kept.runs.push(run);
      done = to;
    };
    for (const { before, reason } of batch.gaps ?? []) {
      take(before);
      gaps.push({ before: kept.lines.length, reason });
    }
    take(batch.lines.length);
    if (batch.ended && holdsBack(this.#redraw)) {
      const last = settleRedraw(this.#redraw, Number.POSITIVE_INFINITY);
      this.#redraw = last.state;
      kept.lines.push(...last.block.lines);
      kept.runs.push(...last.block.runs);
    }
    await this.#append({ ...kept, gaps, cursor: batch.cursor, metrics, isByClock });
    growing.delete(ref.jobId);
  }

  /** Reads metrics from every state of a progress bar, also those not stored: a dictionary without a step belongs to the last one. */
  #read({ lines, runs }: LineBlock, lineOf: (at: number) => number, points: MetricPoint[]): void {
    let at = 0;
    for (const { count, time } of runs) {
      for (const end = at + count; at < end; at += 1) {
        const found = this.#metrics.read(lines[at] ?? '', time, lineOf(at));
        if (found.length > 0) points.push(...found);
      }
    }
  }

  async #append(batch: Omit<Append, 'collectorState'>): Promise<void> {
    if (this.#head.total + batch.lines.length > maxLines) {
      throw new TrainyardError('CONFLICT', `The log is full: it has ${maxLines} lines.`);
    }
    const collectorState = formatState({ redraw: this.#redraw, metrics: this.#metrics.state() });
    const { lease, logs, advanced, pauseMs } = this.#options;
    const isUnhurried = (pauseMs?.() ?? 0) > 0;
    this.#head = await logs.append(lease, { ...batch, collectorState, isUnhurried });
    advanced();
  }

  async #rest(error: unknown, signal: AbortSignal): Promise<void> {
    const { ref, provider, logger, answered, unstored } = this.#options;
    const isStore = codeOf(error) === 'STORE_UNAVAILABLE';
    const least = error instanceof TrainyardError ? (error.retryAfterMs ?? 0) : 0;
    const nextMs = Math.min(this.#backoff.nextMs(), isStore ? storeRestMs : Infinity);
    const restMs = Math.max(least, nextMs);
    if (isStore) unstored.set(ref.jobId, error);
    else unstored.delete(ref.jobId);
    this.#trouble = { since: this.#trouble?.since ?? performance.now(), error };
    const facts = { job: ref.jobId, provider: provider.name, code: codeOf(error), restMs };
    const said = `the log cannot be followed: ${messageOf(error)}`;
    // An error that was not thrown on purpose is a defect, so its stack is logged.
    if (error instanceof TrainyardError) logger.warn(facts, said);
    else logger.error({ ...facts, err: error }, said);
    if (!(await waitMs(least, signal))) return;
    const woken = new AbortController();
    const enough = AbortSignal.any([signal, woken.signal]);
    await Promise.race([waitMs(restMs - least, enough), answered.next(enough)]);
    woken.abort();
  }
}

function slice(block: LineBlock, from: number, to: number): LineBlock {
  if (from === 0 && to === block.lines.length) return block;
  const runs: LineBlock['runs'] = [];
  let at = 0;
  for (const run of block.runs) {
    const count = Math.min(at + run.count, to) - Math.max(at, from);
    if (count > 0) runs.push({ ...run, count });
    at += run.count;
  }
  return { lines: block.lines.slice(from, to), runs };
}
