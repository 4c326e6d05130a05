import { type MetricPoint, notFiniteOf } from '../core/log.ts';
import { isLearningRate, lossOf } from './metrics/names.ts';
import { addPairs } from './metrics/pairs.ts';
import { placeOf } from './metrics/place.ts';
import { emptyReading, isStep, type Reading } from './metrics/reading.ts';
import { tableRow } from './metrics/table.ts';
import { type MetricsState, maxNames, noLoss } from './metrics-state.ts';
import { readBar } from './progress/read-bar.ts';
import { countSteps } from './progress/step-counter.ts';
import { confirmBar, followBar } from './progress/training-bar.ts';

/** Where a line stands in the log, and in time. */
export type LineAt = Pick<MetricPoint, 'time' | 'line'>;

/** What the lines so far have told of a training, and what each new reading means beside that. Changes the state that it is given. */
export class Training {
  readonly #state: MetricsState;
  readonly #names: Set<string>;
  /** The values of the newest step. */
  readonly #newest: { step: number; values: Map<string, number> };

  constructor(state: MetricsState) {
    this.#state = state;
    this.#names = new Set(state.names);
    const { step, values } = state.newest;
    const told = Object.entries(values).map(([name, said]) => [name, Number(said)] as const);
    this.#newest = { step, values: new Map(told) };
  }

  /** The names of all series, in the order of their first points. */
  get names(): string[] {
    return [...this.#names];
  }

  /** The values of the newest step; as text, for JSON has no word for NaN. */
  get newest(): MetricsState['newest'] {
    const { step, values } = this.#newest;
    return { step, values: Object.fromEntries(values.entries().map(([k, v]) => [k, String(v)])) };
  }

  /** True where the line shows a progress bar, of the training or not. */
  readBar(text: string, at: LineAt, points: MetricPoint[]): boolean {
    const bar = readBar(text);
    if (bar === null) return false;
    const reading = tableRow(bar.description, this.#state.table) ?? emptyReading();
    if (reading.epoch === null) addPairs(reading.values, bar.description, { tight: false });
    addPairs(reading.values, bar.postfix, { tight: false });
    if (reading.epoch !== null && bar.step !== null) {
      reading.inEpoch = { step: bar.step, total: bar.total };
      this.take(reading, at, points);
      return true;
    }
    const loss = lossOf(reading.values);
    const isLoss = loss !== null;
    const now = followBar(this.#state.bar, bar, { withLoss: isLoss });
    if (now === null) return true;

    const { progress } = this.#state;
    if (now.withdrawn) {
      Object.assign(progress, {
        step: null,
        totalSteps: null,
        percent: null,
        secondsRemaining: null,
      });
      return true;
    }
    if (now.restarted) this.#state.lossStep = noLoss;
    progress.secondsRemaining = now.secondsRemaining;
    const { percent, inEpoch, step } = now;
    const beside = /epoch/i.test(bar.postfix) ? placeOf(bar.postfix) : null;
    const epoch = now.epoch ?? beside?.epoch ?? null;
    const totalEpochs = now.totalEpochs ?? beside?.totalEpochs ?? null;
    const placed = { ...reading, step, totalSteps: now.totalSteps ?? null, epoch, totalEpochs };
    const counted = countSteps(this.#state.counting, { ...placed, inEpoch });
    const totalSteps = inEpoch === null ? now.totalSteps : counted.totalSteps;
    this.#place({ ...counted, totalSteps, percent }, { done: true });
    if (isLoss) confirmBar(this.#state.bar);
    // A bar that counts epochs is at one; one that tells a percentage alone is at no step.
    const here = counted.step ?? (isWhole(now.epoch) ? now.epoch : null);
    if (here === null) {
      this.#tell(reading.values, loss);
      return true;
    }
    if (isLoss) this.#state.lossStep = here;
    this.#add({ values: reading.values, loss }, here, at, points);
    return true;
  }

  /** True where the reading told something. */
  take(reading: Reading, at: LineAt, points: MetricPoint[]): boolean {
    const { values, evaluation } = reading;
    const epoch = reading.isFraction ? null : reading.epoch;
    // "Epoch 3/10"
    const ofSeveral = reading.totalEpochs !== null && reading.step === null && values.size === 0;
    const heading = reading.heading || ofSeveral;
    if (values.size === 0 && !heading && reading.inEpoch === null) return false;
    if (evaluation) {
      this.#add({ values, loss: null }, reading.step ?? this.#stepNow(epoch, false), at, points);
      return values.size > 0;
    }
    const loss = lossOf(values);
    const isLoss = loss !== null;
    const counted = countSteps(this.#state.counting, reading);
    if (isLoss && counted.step === null && confirmBar(this.#state.bar))
      this.#state.lossStep = noLoss;
    const step =
      counted.step ??
      (isLoss && this.#isToldTwice(reading) ? this.#newest.step : this.#stepNow(epoch, isLoss));
    if (isLoss) this.#state.lossStep = step;
    this.#place({ ...counted, percent: reading.percent }, { done: values.size > 0 });
    this.#add({ values, loss }, step, at, points);
    return true;
  }

  /**
   * The newest values once more, of the same epoch and with others beside them: two parts of a program have
   * printed one record, as LLaMA-Factory does. The same names alone may be a loss that stands still.
   */
  #isToldTwice({ values, epoch }: Reading): boolean {
    const newest = this.#newest;
    if (epoch === null || epoch !== this.#state.progress.epoch) return false;
    if (newest.step !== this.#state.lossStep) return false;
    let shared = 0;
    for (const [name, value] of values) {
      const before = newest.values.get(name);
      if (before === undefined) continue;
      if (!isSame(before, value)) return false;
      shared += 1;
    }
    return shared >= 2 && shared < values.size;
  }

  /** The step of values that came without one. */
  #stepNow(epoch: number | null, isLoss: boolean): number {
    const { bar, progress, lossStep } = this.#state;
    const shown = bar.followed?.step ?? progress.step ?? (isWhole(epoch) ? epoch : null);
    if (shown === null) return Math.max(lossStep, 0) + (isLoss ? 1 : 0);
    return isLoss && shown <= lossStep ? lossStep + 1 : Math.max(shown, lossStep);
  }

  /** `done` says that the epoch told is over, as far as it was counted; else it has just begun. */
  #place(
    now: ReturnType<typeof countSteps> & { percent: number | null },
    { done }: { done: boolean },
  ): void {
    const { progress, counting } = this.#state;
    progress.epoch = now.epoch ?? progress.epoch;
    progress.totalEpochs = now.totalEpochs ?? progress.totalEpochs;
    if (now.totalSteps !== undefined) progress.totalSteps = now.totalSteps;
    progress.step = now.step ?? progress.step;
    const { step, totalSteps, epoch, totalEpochs } = progress;
    const first = counting.firstEpoch === 0 ? 0 : 1;
    const epochsDone = epoch === null || done || !Number.isInteger(epoch) ? epoch : epoch - first;
    progress.percent =
      share(step, totalSteps) ??
      share(step === null ? epochsDone : null, totalEpochs) ??
      (step === null ? (now.percent ?? progress.percent) : now.percent);
  }

  /** What the values say of the progress. */
  #tell(values: Map<string, number>, loss: number | null): void {
    const { progress } = this.#state;
    if (loss !== null) {
      progress.lossNotFinite = notFiniteOf(loss);
      progress.loss = progress.lossNotFinite === null ? loss : null;
    }
    for (const [name, value] of values) {
      if (isLearningRate(name) && Number.isFinite(value)) progress.learningRate = value;
    }
  }

  #add(
    { values, loss }: { values: Map<string, number>; loss: number | null },
    step: number,
    at: LineAt,
    points: MetricPoint[],
  ): void {
    this.#tell(values, loss);
    const newest = this.#newest;
    const { time, line } = at;
    if (newest.step !== step) {
      newest.step = step;
      newest.values.clear();
    }
    for (const [name, value] of values) {
      if (!this.#names.has(name) && this.#names.size >= maxNames) continue;
      this.#names.add(name);
      // A bar that is drawn again, or a line that two handlers print, is no second point.
      if (isSame(newest.values.get(name), value) || points.length >= maxNames) continue;
      newest.values.set(name, value);
      points.push({ name, step, value, time, line });
    }
  }
}

function isSame(before: number | undefined, value: number): boolean {
  return before === value || (before !== undefined && Number.isNaN(before) && Number.isNaN(value));
}

function isWhole(epoch: number | null): epoch is number {
  return epoch !== null && isStep(epoch);
}

function share(part: number | null, whole: number | null): number | null {
  if (part === null || whole === null || whole <= 0) return null;
  return Math.min(100, Math.max(0, (100 * part) / whole));
}
