import type { JobProgress } from '../core/job.ts';
import { type MetricPoint, notFiniteOf } from '../core/log.ts';
import { readBlock } from './metrics/block.ts';
import { announcesBestRound, readBoosting } from './metrics/boosting.ts';
import { readDarknet } from './metrics/darknet.ts';
import { mayTell } from './metrics/hint.ts';
import { readMarian } from './metrics/marian.ts';
import { isLearningRate, lossOf } from './metrics/names.ts';
import { messageOf, readObject } from './metrics/objects.ts';
import { addPairs, readPairs } from './metrics/pairs.ts';
import { placeOf } from './metrics/place.ts';
import { readPytorchTutorial } from './metrics/pytorch.ts';
import { rankOf } from './metrics/rank.ts';
import { emptyReading, isStep, maxStep, type Reading } from './metrics/reading.ts';
import { tableHeader, tableRow } from './metrics/table.ts';
import { type MetricsState, maxNames, parseState } from './metrics-state.ts';
import { plainText } from './plain-text.ts';
import { readKeras } from './progress/keras.ts';
import { readBar } from './progress/read-bar.ts';
import { countSteps, newCounting } from './progress/step-counter.ts';
import { confirmBar, followBar, noBar } from './progress/training-bar.ts';

/** Where a line stands in the log, and in time. */
type LineAt = Pick<MetricPoint, 'time' | 'line'>;

/** A longer line is not read for metrics. In UTF-16 units. */
const maxChars = 4096;

/**
 * Finds metrics and progress in the lines of one log, in their order: a list of small readers, each of one
 * layout, tells what a line says, and this class what that means beside the lines before. A series never
 * holds a step, an epoch or a clock; an epoch shows in `progress` alone.
 *
 * A line without a step of its own belongs to the step of the training's bar (see `followBar`).
 * Where no bar has moved since the last loss, or none is there, it is one step after that loss: so
 * a log without any bar counts its losses, from 1 in every run.
 */
export class MetricsReader {
  readonly #state: MetricsState;
  readonly #names: Set<string>;

  /** `state` is what `state()` gave earlier; null, or what cannot be understood, starts afresh. */
  constructor(state: string | null = null) {
    this.#state = parseState(state);
    this.#names = new Set(this.#state.names);
  }

  /**
   * The points of one line, at most 64, each with the line's `time` and the offset `line`. Values that
   * the log says to be NaN or infinite are points too. A bar's text may keep its `\r`.
   */
  read(text: string, time: number, line: number): MetricPoint[] {
    if (text.length > maxChars || !(mayTell(text) || this.#isUnder(text))) return [];
    const points: MetricPoint[] = [];
    const plain = plainText(text);
    if (!plain.includes('\r') && !plain.includes('\b')) {
      this.#readRanked(plain, { time, line }, points);
      return points;
    }
    for (const part of plain.split(overwritten)) {
      if (part !== '') this.#readRanked(part, { time, line }, points);
    }
    return points;
  }

  /** All that the lines so far have told; a copy. */
  get progress(): JobProgress {
    return { ...this.#state.progress };
  }

  /** What a reader needs to go on after a restart: JSON of 16 KiB at most. */
  state(): string {
    return JSON.stringify({ ...this.#state, names: [...this.#names] });
  }

  /** The line may belong to a heading or a table's header before it. */
  #isUnder(text: string): boolean {
    const { block, table } = this.#state;
    return (block !== null && /^[ \t]|^\S*$/.test(text)) || (table !== null && /^\s*\d/.test(text));
  }

  /**
   * Where several ranks print, those of the lowest count. One that is not 0 counts once it has told values
   * twice and no other has told any: some frameworks print on their last rank alone.
   */
  #readRanked(text: string, at: LineAt, points: MetricPoint[]): void {
    const { ranks } = this.#state;
    const { rank, prefix } = rankOf(text);
    const said = prefix > 0 ? text.slice(prefix) : text;
    if (rank === null || rank === ranks.followed) {
      this.#readLine(said, at, points);
      return;
    }
    if (ranks.followed !== null && rank > ranks.followed) return;
    if (rank === 0) {
      if (this.#readLine(said, at, points)) Object.assign(ranks, { followed: 0, held: null });
      return;
    }
    const { held } = ranks;
    if (held === null || rank < held.rank) {
      if (new MetricsReader(this.state()).#readLine(said, at, []))
        ranks.held = { rank, text: said, ...at };
    } else if (rank === held.rank) {
      Object.assign(ranks, { followed: rank, held: null });
      this.#readLine(held.text, { time: held.time, line: held.line }, points);
      this.#readLine(said, at, points);
    }
  }

  /** True where the line told something. */
  #readLine(text: string, at: LineAt, points: MetricPoint[]): boolean {
    if (this.#readPreamble(text)) return false;
    const state = this.#state;
    const keras = readKeras(text, state.keras);
    if (keras !== null) {
      state.keras = keras.state;
      return keras.reading !== null && this.#take(keras.reading, at, points);
    }
    const block = readBlock(text, state.block);
    if (block !== null) {
      state.block = block.block;
      if (block.reading !== null) return this.#take(block.reading, at, points);
    }
    const isBar = this.#readBar(text, at, points);
    const reading = isBar ? readObject(text) : this.#readingOf(text);
    return (reading !== null && this.#take(reading, at, points)) || isBar;
  }

  #readingOf(text: string): Reading | null {
    const state = this.#state;
    const header = tableHeader(text);
    if (header !== null) {
      state.table = header;
      return null;
    }
    if (announcesBestRound(text)) {
      state.repeatsRound = true;
      return null;
    }
    const round = readBoosting(text);
    if (round !== null) {
      const repeated = state.repeatsRound;
      state.repeatsRound = false;
      return repeated ? null : round;
    }
    const row = tableRow(text, state.table);
    if (row !== null) return row;
    for (const read of readers) {
      const reading = read(text);
      if (reading !== null) return reading;
    }
    const message = messageOf(text);
    return message === null ? readPairs(text) : (readObject(message) ?? readPairs(message));
  }

  /** Hugging Face's announcement of a run, line by line. */
  #readPreamble(text: string): boolean {
    const state = this.#state;
    if (text.includes('***** Running training *****')) {
      state.bar = noBar();
      state.counting = newCounting();
      state.lossStep = 0;
      return true;
    }
    const [, what, number] = preamble.exec(text) ?? [];
    if (what === undefined || number === undefined) return false;
    const total = Number(number.replaceAll(',', ''));
    if (total > maxStep) return true;
    if (what === 'Num Epochs') {
      state.progress.totalEpochs = total;
    } else {
      state.progress.totalSteps = total;
      state.bar.announced = total;
    }
    return true;
  }

  /** True where the line shows a progress bar, of the training or not. */
  #readBar(text: string, at: LineAt, points: MetricPoint[]): boolean {
    const bar = readBar(text);
    if (bar === null) return false;
    const reading = tableRow(bar.description, this.#state.table) ?? emptyReading();
    if (reading.epoch === null) addPairs(reading.values, bar.description, { tight: false });
    addPairs(reading.values, bar.postfix, { tight: false });
    if (reading.epoch !== null && bar.step !== null) {
      reading.inEpoch = { step: bar.step, total: bar.total };
      this.#take(reading, at, points);
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
    if (now.restarted) this.#state.lossStep = 0;
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
    const here = counted.step ?? (reading.values.size > 0 ? this.#stepNow(epoch, isLoss) : null);
    if (here === null) return true;
    if (isLoss) this.#state.lossStep = here;
    this.#add({ values: reading.values, loss }, here, at, points);
    return true;
  }

  /** True where the reading told something. */
  #take(reading: Reading, at: LineAt, points: MetricPoint[]): boolean {
    const { values, epoch, evaluation } = reading;
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
    if (isLoss && counted.step === null && confirmBar(this.#state.bar)) this.#state.lossStep = 0;
    const step = counted.step ?? this.#stepNow(epoch, isLoss);
    if (isLoss) this.#state.lossStep = step;
    this.#place({ ...counted, percent: reading.percent }, { done: values.size > 0 });
    this.#add({ values, loss }, step, at, points);
    return true;
  }

  /** The step of values that came without one. */
  #stepNow(epoch: number | null, isLoss: boolean): number {
    const { bar, progress, lossStep } = this.#state;
    const shown =
      bar.followed?.step ?? progress.step ?? (epoch !== null && isStep(epoch) ? epoch : 0);
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

  #add(
    { values, loss }: { values: Map<string, number>; loss: number | null },
    step: number,
    at: LineAt,
    points: MetricPoint[],
  ): void {
    const { progress } = this.#state;
    if (loss !== null) {
      progress.lossNotFinite = notFiniteOf(loss);
      progress.loss = progress.lossNotFinite === null ? loss : null;
    }
    for (const [name, value] of values) {
      if (isLearningRate(name) && Number.isFinite(value)) progress.learningRate = value;
      if (!this.#names.has(name) && this.#names.size >= maxNames) continue;
      this.#names.add(name);
      if (points.length < maxNames) points.push({ name, step, value, ...at });
    }
  }
}

/** Readers that need no line before: the next framework's is added here. The rest are pairs. */
const readers: readonly ((text: string) => Reading | null)[] = [
  readObject,
  readPytorchTutorial,
  readDarknet,
  readMarian,
];

/** What a terminal would have drawn over: each part is a state of its own. */
const overwritten = /[\b\r]+/;
const preamble = /\b(Num Epochs|Total optimization steps) = ([\d,]{1,11})\s*$/;

function share(part: number | null, whole: number | null): number | null {
  if (part === null || whole === null || whole <= 0) return null;
  return Math.min(100, Math.max(0, (100 * part) / whole));
}
