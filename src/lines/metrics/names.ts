/** Names beyond these are not kept: they are no names of measures. */
const sane = /^[A-Za-z_][\w ./:@%()-]{0,63}$/;
/** Names that say where in the training a line belongs. */
const place =
  /^(?:trainer\/)?(?:(?:global|train|training|current|cur|optimizer|total|max|valid|valid_num|num)[_/ ])?(?:epochs?|episodes?|steps?|iter|iters|iterations?|updates?|num_updates|micro_steps?)$/i;
/** Clocks and numbers of processes, wherever they stand. */
const noMeasure =
  /^(?:time|timestamp|ts|elapsed|eta|level|pid|rank|local_rank|port|lineno|seed|v_num|percentage)$|[_/ ](?:runtime|time|timestamp|pid)$/i;
/** Durations, sizes and counters, where a program has not put them among its metrics on purpose. */
const noMeasureInText =
  /(?:^|[_/. -])(?:time|timing|eta|elapsed|runtime|duration|remaining|wall|mem|memory|mem_reserved|mem_allocated|reader_cost|batch_cost|data_cost|bsz|size|bytes|version|gb_free|skipped|mom|betas|train_wall|dt)(?:$|[_/. (-])|(?<!per)(?:^|[_. -])(?:seconds|secs?|s|ms)$|^(?:data|total|best|from|to|in|at|on|of|[dptc]p|ep|images|instances|size|frames|over|world|nodes?|gpus?|cuda|torch|python|attempt|line|id|layers?|heads?|iter_avg|step_avg|batch|samples?|progress_or_epoch)$/i;

/** True for a name of a measure in an object that a trainer has logged: all but places and clocks. */
export function isMeasure(name: string): boolean {
  return sane.test(name) && !place.test(name) && !noMeasure.test(name);
}

/** True for a name of a measure in running text, where durations and sizes stand beside measures. */
export function isMeasureInText(name: string): boolean {
  return kindOf(name).measure;
}

/** The training's loss among values: of several, the one whose name says so most plainly. */
export function lossOf(values: Map<string, number>): number | null {
  // The mean of a whole run, which Hugging Face prints at its end, is no current loss.
  if (values.size === 0 || values.has('train_samples_per_second')) return null;
  let loss: number | null = null;
  let best = Number.POSITIVE_INFINITY;
  for (const [name, value] of values) {
    const { lossRank } = kindOf(name);
    if (lossRank < best) {
      best = lossRank;
      loss = value;
    }
  }
  return loss;
}

/** True for the name of the learning rate. */
export function isLearningRate(name: string): boolean {
  return kindOf(name).learningRate;
}

interface NameKind {
  measure: boolean;
  learningRate: boolean;
  /** Infinite for what is no training loss; the smallest says it most plainly. */
  lossRank: number;
}

/** Logs repeat few names: each is looked at once. */
const known = new Map<string, NameKind>();
const maxKnown = 1024;

function kindOf(name: string): NameKind {
  let kind = known.get(name);
  if (kind === undefined) {
    kind = {
      measure: isMeasure(name) && !noMeasureInText.test(name),
      learningRate: learningRate.test(name),
      lossRank: lossRankOf(name),
    };
    if (known.size >= maxKnown) known.clear();
    known.set(name, kind);
  }
  return kind;
}

const learningRate =
  /^(?:(?:train|training|optim|optimizer|actor|current)[/_])?(?:lr|learning[_ -]?rate)(?:[-/]\w+|_?0)?$/i;
const notOfTraining = new Set([
  ...['val', 'valid', 'validation', 'eval', 'evaluation', 'test', 'testing', 'dev', 'holdout'],
  ...['best', 'scale', 'min', 'max', 'std', 'aux'],
]);
const lossWords = new Map<string, number>([
  ['loss', 0],
  ...['train', 'training'].map((word): [string, number] => [word, 1]),
  ...['total', 'tot', 'reduced', 'lm', 'step', 'iter', 'batch', 'current', 'curr', 'main', 'all']
    .concat('avg', 'avr', 'average', 'mean', 'running', 'smooth', 'smoothed', 'overall', 'global')
    .concat('language', 'model', 'modeling', 'ema', 'final', 'iteration', 'master', 'sft', 'value0')
    .map((word): [string, number] => [word, 2]),
  ...['epoch'].map((word): [string, number] => [word, 4]),
  ...['ce', 'nll', 'cross', 'entropy', 'crossentropyloss', 'celoss', 'mlm', 'ntp', 'clm']
    .concat('languagecrossentropy')
    .map((word): [string, number] => [word, 8]),
]);

function lossRankOf(name: string): number {
  const words = name.toLowerCase().split(/[^a-z0-9]+/);
  if (!words.some((word) => word.endsWith('loss'))) return Number.POSITIVE_INFINITY;
  let rank = 0;
  for (const word of words) {
    if (word === '') continue;
    if (notOfTraining.has(word)) return Number.POSITIVE_INFINITY;
    rank += lossWords.get(word) ?? Number.POSITIVE_INFINITY;
  }
  return rank;
}
