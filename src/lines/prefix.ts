/**
 * A line without what launchers put before it: ranks of torchrun and DeepSpeed, `srun --label`,
 * `mpirun --tag-output`, docker compose, Ray, accelerate, the time that kubectl and docker add.
 */
export function withoutPrefix(line: string): string {
  const first = line.charCodeAt(0);
  // Most lines begin with a letter that begins no prefix, or with one that is followed by no sign of it.
  if (first !== bracket && first !== parenthesis && !sign.test(line)) return line;
  return line.slice(prefix.exec(line)?.[0].length ?? 0);
}

const bracket = 0x5b;
const parenthesis = 0x28;
const sign = /^(?:\d|[\w.-]{1,60}(?: +\||:)|[A-Z][a-z]{2} +\d)/;
const prefix =
  /^(?:\[(?:[a-z]+)?\d{1,5}(?:[,|]\d{1,5})?\](?:<std(?:out|err|diag)>)?:? ?|\[[^\]]{1,40}\]: ?|\[[\w.-]{1,40}:\d{1,8}\] |\([^()]{0,60}pid=\d+[^()]{0,60}\) |\d{1,5}: |std(?:out|err): |[\w.-]{1,60} *\| |\w[\w.-]{0,60}-\d{1,4}: |\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d) (?:std(?:out|err) [FP] )?|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d [\w.-]{1,60} [\w./-]{1,60}(?:\[\d+\])?: ){1,4}/;
