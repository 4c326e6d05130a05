/** A report of the wrapper in a pod about its job. It is a line of the pod's log, but not of the job's. */
export type Marker =
  /** The training begins. `run` is another one at every start of the container. */
  | { kind: 'begin'; run: string }
  /** The training is over. `lines` is how many lines it has printed; null where that is not known. */
  | { kind: 'end'; exitCode: number | 'interrupted'; lines: number | null };

const maxExitCode = 255;

/** The wrapper's report that a line holds; null for any other line. The format is that of `say` in wrapper.sh. */
export function markerIn(line: string, jobId: string): Marker | null {
  const head = `::trainyard ${jobId} `;
  if (!line.startsWith(head)) return null;
  const said = line.slice(head.length).trimEnd();
  const [, run] = /^begin run=(\S{1,64})$/.exec(said) ?? [];
  if (run !== undefined) return { kind: 'begin', run };
  const [, code, lines] = /^end code=(\d{1,3}|interrupted) lines=(\d{0,15})$/.exec(said) ?? [];
  if (code === undefined || Number(code) > maxExitCode) return null;
  const exitCode = code === 'interrupted' ? code : Number(code);
  return { kind: 'end', exitCode, lines: lines ? Number(lines) : null };
}
