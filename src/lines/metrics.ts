import type { JobProgress } from '../core/job.ts';
import type { MetricPoint } from '../core/log.ts';
import { readBlock } from './metrics/block.ts';
import { announcesBestRound, readBoosting } from './metrics/boosting.ts';
import { readBox } from './metrics/boxed.ts';
import { readDarknet } from './metrics/darknet.ts';
import { readFlaxExamples } from './metrics/flax-examples.ts';
import { mayTell } from './metrics/hint.ts';
import { readMarian } from './metrics/marian.ts';
import { messageOf, readObject } from './metrics/objects.ts';
import { readPairs } from './metrics/pairs.ts';
import { readPytorchTutorial } from './metrics/pytorch.ts';
import { rankOf } from './metrics/rank.ts';
import { maxStep, type Reading } from './metrics/reading.ts';
import { tableHeader, tableRow } from './metrics/table.ts';
import { type MetricsState, noLoss, parseState } from './metrics-state.ts';
import { plainText } from './plain-text.ts';
import { readKeras } from './progress/keras.ts';
import { newCounting } from './progress/step-counter.ts';
import { noBar } from './progress/training-bar.ts';
import { type LineAt, Training } from './training.ts';

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
  readonly #training: Training;

  /** `state` is what `state()` gave earlier; null, or what cannot be understood, starts afresh. */
  constructor(state: string | null = null) {
    this.#state = parseState(state);
    this.#training = new Training(this.#state);
  }

  /**
   * The points of one line, at most 64, each with the line's `time` and the offset `line`. Values that
   * the log says to be NaN or infinite are points too. A bar's text may keep its `\r`.
   */
  read(text: string, time: number, line: number): MetricPoint[] {
    if (text.length > maxChars || !(mayTell(text) || this.#isUnder(text))) return [];
    const points: MetricPoint[] = [];
    const seen = plainText(text);
    const plain = seen.endsWith('\r') ? seen.slice(0, -1) : seen;
    if (!plain.includes('\r') && !plain.includes('\b')) {
      if (plain !== '' || seen === '') this.#readRanked(plain, { time, line }, points);
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
    const { names, newest } = this.#training;
    return JSON.stringify({ ...this.#state, names, newest });
  }

  /** The line may belong to a heading or a table's header before it. */
  #isUnder(text: string): boolean {
    const { block, box, table } = this.#state;
    if (box !== null) return true;
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
      return keras.reading !== null && this.#training.take(keras.reading, at, points);
    }
    const block = readBlock(text, state.block);
    if (block !== null) {
      state.block = block.block;
      if (block.reading !== null) return this.#training.take(block.reading, at, points);
    }
    const box = readBox(text, state.box);
    if (box !== null) {
      state.box = box.box;
      if (box.reading !== null) return this.#training.take(box.reading, at, points);
      if (box.box !== null) return false;
    }
    const isBar = this.#training.readBar(text, at, points);
    const reading = isBar ? readObject(text) : this.#readingOf(text);
    return (reading !== null && this.#training.take(reading, at, points)) || isBar;
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
      state.lossStep = noLoss;
      return true;
    }
    if (!text.includes(' = ')) return false;
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
}

/** Readers that need no line before: the next framework's is added here. The rest are pairs. */
const readers: readonly ((text: string) => Reading | null)[] = [
  readObject,
  readPytorchTutorial,
  readDarknet,
  readMarian,
  readFlaxExamples,
];

/** What a terminal would have drawn over: each part is a state of its own. */
const overwritten = /[\b\r]+/;
const preamble = /\b(Num Epochs|Total optimization steps) = ([\d,]{1,11})\s*$/;
