/** The rank that a line says it comes from, and how much of the line's beginning says so. */
export interface Rank {
  rank: number | null;
  prefix: number;
}

/**
 * Whose line it is, where several processes print into one log: `[rank1]:`, `[default1]:` of torchrun,
 * `1: ` of srun, `[1,3]<stdout>:` of mpirun, `(pid=7, rank=3)`, `[Rank 3]`,
 * SageMaker's `[1,mpirank:3,algo-1]<stdout>:`. Null where the line does not say.
 */
export function rankOf(text: string): Rank {
  const [prefix, named, labelled, tagged] = before.exec(text) ?? [];
  if (prefix !== undefined) {
    return { rank: Number(named ?? labelled ?? tagged), prefix: prefix.length };
  }
  if (!mayTell.test(text)) return { rank: null, prefix: 0 };
  const [, said] = inside.exec(text.slice(0, 160)) ?? [];
  return { rank: said === undefined ? null : Number(said), prefix: 0 };
}

const before =
  /^(?:\s*\[(?:rank|default|Rank |RANK )(\d{1,5})\]:? ?|(\d{1,5}): (?=\D)|\[\d{1,5},(\d{1,5})\](?:<std\w+>:|: ) ?)/;
const mayTell = /rank/i;
const inside = /\b(?:local_|global_|mpi)?rank[ :=_]{0,2}(\d{1,5})\b/i;
