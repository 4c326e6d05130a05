import { levelOf } from '../level.ts';
import { withoutPrefix } from '../prefix.ts';
import type { LogLines } from './log-lines.ts';

type Kind = 'work' | 'ordinary' | 'noise';

/**
 * How the log went on, line by line: `work` is a step of the training, `ordinary` any line of a
 * process that lives, `noise` what is printed at or about an end.
 */
export class Course {
  readonly #lines: LogLines;
  readonly #kinds: Kind[] = [];

  constructor(lines: LogLines) {
    this.#lines = lines;
  }

  /** How many lines of each kind stand between two others. */
  between(after: number, before: number): Record<Kind, number> {
    const counts = { work: 0, ordinary: 0, noise: 0 };
    for (let at = after + 1; at < before; at++) counts[this.kind(at)]++;
    return counts;
  }

  kind(at: number): Kind {
    const kind = this.#kinds[at] ?? kindOf(this.#lines.at(at));
    this.#kinds[at] = kind;
    return kind;
  }
}

const bar = /\d%\||\[\d+:\d\d<|\d(?:it\/s|s\/it)\b/;
const pair =
  /\b\w*(?:step|epoch|iter|iteration|loss|acc|accuracy|lr|learning_rate|grad_norm|eta|tps|tokens|samples|ppl|reward)s?['"]?(?:\s*[:=[/]\s*|\s+)[-+]?[\d.]+(?:\/\d+)?/gi;
const noise =
  /^(?:\W*$|\s{2,}\S|wandb:|srun:|slurmstepd:|mpirun |Primary job|a non-zero exit|Per user-direction|the job to be terminated|frame #|Exception |During handling|The above exception|CUDA kernel errors|For debugging consider|Compile with|Set the environment variable|For simplicity, JAX|The preceding stack trace|note: |Node\.js v|Extension modules:|Current thread|Thread 0x|Calls: |Execution halted|exit status|goroutine |Stacktrace:|in expression|Traceback|Original Traceback|Call stack:|Message: |Arguments: |-- Process|\S+ FAILED$|Failures:|Root Cause|\[\d+\]:$|Process \S+:$|Future |Task |\S+ exited with code)|\bsigkill_handler\b|closing signal|\bsystemd\[/;

function kindOf(text: string): Kind {
  const line = withoutPrefix(text);
  if (noise.test(line)) return 'noise';
  const level = levelOf(text);
  if (level === 'WARNING' || level === 'ERROR') return 'noise';
  return isWork(line) ? 'work' : 'ordinary';
}

/** True for a line of numbers of a training, or a bar. */
function isWork(line: string): boolean {
  if (bar.test(line)) return true;
  const pairs = line.match(pair) ?? [];
  return pairs.length > 1 || (pairs[0]?.length ?? 0) > line.length / 2;
}
