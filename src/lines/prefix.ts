/**
 * A line without what launchers put before it: ranks of torchrun and DeepSpeed, `srun --label`,
 * `mpirun --tag-output`, docker compose, Ray, accelerate, kubectl, and the time that kubectl, docker or `ts` add.
 */
export function withoutPrefix(line: string): string {
  const first = line.charCodeAt(0);
  // Most lines begin with a letter that begins no prefix, or with one that is followed by no sign of it.
  if (first !== bracket && first !== parenthesis && !sign.test(line)) return line;
  return line.slice(prefix.exec(line)?.[0].length ?? 0);
}

const bracket = 0x5b;
const parenthesis = 0x28;
const sign = /^(?: {0,4}\d|[\w.-]{1,60}(?: +\||:)|[A-Z][a-z]{2} +\d)/;
const prefix = new RegExp(
  `^(?:${[
    // torchrun, DeepSpeed, mpirun
    /\[(?:[a-z]+)?\d{1,5}(?:[,|]\d{1,5})?\](?:<std(?:out|err|diag)>)?:? ?/,
    /\[\d{1,5},mpirank:\d{1,5},[\w.-]{1,60}\](?:<std(?:out|err)>)?: ?/,
    /\[[^\]]{1,40}\]: ?/,
    /\[[\w.-]{1,40}:\d{1,8}\] /,
    // Ray
    /\([^()]{0,60}pid=\d+[^()]{0,60}\) /,
    // srun, pdsh
    / {0,4}\d{1,5}: /,
    /(?:worker|node|rank|host|gpu|trainer)_?\d{1,4}: /,
    /\w[\w.-]{0,60}-\d{1,4}: /,
    /std(?:out|err): /,
    // docker compose, kubectl
    /[\w.-]{1,60} *\| /,
    /\[pod\/[^\]]{1,120}\] /,
    /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d) (?:std(?:out|err) [FP] )?/,
    // A time that a pipe has put before lines, not a logger before its level
    /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:[.,]\d{1,9})? (?![-|[(:{]|[A-Z]{3})/,
    /\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:[.,]\d{1,9})?\] (?![-|[(:{]|[A-Z]{3})/,
    // journald
    /[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d (?:[\w.-]{1,60} [\w./-]{1,60}(?:\[\d+\])?: )?/,
  ]
    .map((it) => it.source)
    .join('|')}){1,4}`,
);
