/** The key of the list that a page belongs to. It is the same for equal filters, however they are written. */
export function logKey(args: Record<string, unknown> | null): string {
  const { jobId, filter } = args ?? {};
  const conditions =
    typeof filter === 'object' && filter !== null
      ? Object.entries(filter).filter(([, value]) => value !== null && value !== undefined)
      : [];
  if (conditions.length === 0) return JSON.stringify({ jobId });
  return JSON.stringify({ jobId, filter: Object.fromEntries(conditions.sort()) });
}
