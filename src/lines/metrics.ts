import { stripVTControlCharacters } from 'node:util';
import type { JobProgress } from '../core/job.ts';
import { type MetricPoint, notFiniteOf } from '../core/log.ts';
import { type MetricsState, maxNames, parseState } from './metrics-state.ts';
import { parseProgressBar } from './progress-bar.ts';
import { type BarChoice, confirmBar, followBar, noBar } from './training-bar.ts';
import { addPairs, isStep, maxStep, type NamedValues, parseObject, parsePairs } from './values.ts';

/** Where a line stands in the log, and in time. */
type Place = Pick<MetricPoint, 'time' | 'line'>;

/** A longer line is not read for metrics. In UTF-16 units. */
const maxChars = 4096;

/**
 * Finds metrics and progress in the lines of one log, in their order. Understands Hugging Face's
 * dictionaries, JSON objects, `key=value` and `key: value` beside a step or an epoch, and tqdm's
 * bars. A series never holds step, epoch or a clock; an epoch shows in `progress` alone.
 *
 * A line without a step of its own belongs to the step of the training's bar (see `followBar`).
 * Where no bar has moved since the last loss, or none is there, it is one step after that loss: so
 * a log without any bar counts its losses, from 1 in every run.
 */
export class MetricsReader {
  readonly #progress: JobProgress;
  readonly #names: Set<string>;
  #bar: BarChoice;
  /** The step of the run's last loss; 0 where there was none. */
  #lossStep: number;

  /** `state` is what `state()` gave earlier; null, or what cannot be understood, starts afresh. */
  constructor(state: string | null = null) {
    const { progress, names, bar, lossStep } = parseState(state);
    this.#progress = progress;
    this.#names = new Set(names);
    this.#bar = bar;
    this.#lossStep = lossStep;
  }

  /**
   * The points of one line, at most 64, each with the line's `time` and the offset `line`. Values that
   * the log says to be NaN or infinite are points too. A bar's text may keep its `\r`.
   */
  read(text: string, time: number, line: number): MetricPoint[] {
    if (text.length > maxChars || !hint.test(text)) return [];
    const plain = text.includes('\u001b') ? stripVTControlCharacters(text) : text;
    if (this.#readPreamble(plain)) return [];

    const points: MetricPoint[] = [];
    const place = { time, line };
    const isBar = this.#readBar(plain, place, points);
    const found = parseObject(plain) ?? (isBar ? null : parsePairs(plain));
    if (found !== null) this.#readValues(found, place, points);
    return points;
  }

  /** All that the lines so far have told; a copy. */
  get progress(): JobProgress {
    return { ...this.#progress };
  }

  /** What a reader needs to go on after a restart: JSON of 10 KiB at most. */
  state(): string {
    const state: MetricsState = {
      progress: this.#progress,
      names: [...this.#names],
      bar: this.#bar,
      lossStep: this.#lossStep,
    };
    return JSON.stringify(state);
  }

  /** Hugging Face's announcement of a run, line by line. */
  #readPreamble(text: string): boolean {
    if (text.includes('***** Running training *****')) {
      this.#bar = noBar();
      this.#lossStep = 0;
      return true;
    }
    const [, what, number] = preamble.exec(text) ?? [];
    if (what === undefined || number === undefined) return false;
    const total = Number(number.replaceAll(',', ''));
    if (total > maxStep) return true;
    if (what === 'Num Epochs') {
      this.#progress.totalEpochs = total;
    } else {
      this.#progress.totalSteps = total;
      this.#bar.announced = total;
    }
    return true;
  }

  #readBar(text: string, place: Place, points: MetricPoint[]): boolean {
    const bar = parseProgressBar(text);
    if (bar === null) return false;
    const now = followBar(this.#bar, bar);
    if (now === null) return true;

    if (now.restarted) this.#lossStep = 0;
    this.#progress.secondsRemaining = now.secondsRemaining;
    this.#place(now);
    const values = new Map<string, number>();
    addPairs(values, bar.postfix);
    if (lossOf(values) !== null) confirmBar(this.#bar);
    this.#add(values, now.step, place, points);
    return true;
  }

  #readValues(found: NamedValues, place: Place, points: MetricPoint[]): void {
    const { values } = found;
    const epochsOnly = found.totalEpochs !== null && found.step === null; // "Epoch 3/10"
    if (values.size === 0 && !epochsOnly) return;

    const isLoss = lossOf(values) !== null;
    if (isLoss && found.step === null && confirmBar(this.#bar)) this.#lossStep = 0;
    const step = found.step ?? this.#stepNow(found.epoch, isLoss);
    if (isLoss) this.#lossStep = step;
    this.#place(found);
    this.#add(values, step, place, points);
  }

  /** The step of values that came without one. */
  #stepNow(epoch: number | null, isLoss: boolean): number {
    const shown = this.#bar.followed?.step ?? (epoch !== null && isStep(epoch) ? epoch : 0);
    return isLoss && shown <= this.#lossStep ? this.#lossStep + 1 : Math.max(shown, this.#lossStep);
  }

  #place(now: Omit<NamedValues, 'values'>): void {
    const progress = this.#progress;
    progress.epoch = now.epoch ?? progress.epoch;
    progress.totalEpochs = now.totalEpochs ?? progress.totalEpochs;
    progress.totalSteps = now.totalSteps ?? progress.totalSteps;
    progress.step = now.step ?? progress.step;
    const { step, totalSteps, epoch, totalEpochs } = progress;
    progress.percent =
      share(step, totalSteps) ?? share(step === null ? epoch : null, totalEpochs) ?? null;
  }

  #add(values: Map<string, number>, step: number, place: Place, points: MetricPoint[]): void {
    const loss = lossOf(values);
    if (loss !== null) {
      this.#progress.lossNotFinite = notFiniteOf(loss);
      this.#progress.loss = this.#progress.lossNotFinite === null ? loss : null;
    }
    for (const [name, value] of values) {
      if (rateNames.has(name.toLowerCase()) && Number.isFinite(value))
        this.#progress.learningRate = value;
      if (!this.#names.has(name) && this.#names.size >= maxNames) continue;
      this.#names.add(name);
      if (points.length < maxNames) points.push({ name, step, value, ...place });
    }
  }
}

// Whatever `read` understands holds one of these; most lines hold none.
const hint = /[sS]tep|STEP|[eE]poch|EPOCH|\biter|%\||\{['"]|Running training/;
const preamble = /\b(Num Epochs|Total optimization steps) = ([\d,]{1,11})\s*$/;
const lossNames = new Set(['loss', 'train_loss', 'train/loss', 'training_loss']);
const rateNames = new Set(['learning_rate', 'lr', 'train/learning_rate', 'train/lr']);

/** The training's loss; not the mean that Hugging Face prints at the end of a run. */
function lossOf(values: Map<string, number>): number | null {
  if (values.has('train_samples_per_second')) return null;
  for (const [name, value] of values) if (lossNames.has(name.toLowerCase())) return value;
  return null;
}

function share(part: number | null, whole: number | null): number | null {
  if (part === null || whole === null || whole <= 0) return null;
  return Math.min(100, Math.max(0, (100 * part) / whole));
}
