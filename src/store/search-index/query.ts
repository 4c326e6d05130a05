import { logLevels } from '../../core/log.ts';
import type { LineNeeds, NeededText } from '../../core/needs.ts';
import { sourceBit } from '../runs.ts';
import type { Filter } from './filter.ts';
import { trigramsOf } from './trigrams.ts';

/** Tells of a section which of its parts may hold a line that has what is needed: a bit for each. */
export type SectionQuery = (filter: Filter) => number;

/** Prepares needs to be held against many sections. */
export function sectionQuery(needs: LineNeeds): SectionQuery {
  const { minLevel, since, until, sources } = needs;
  const text = needs.text === null ? null : textQuery(needs.text);
  const firstLevel = minLevel === null ? null : logLevels.indexOf(minLevel);
  const sourceBits = sources === null ? null : bitsOf(sources);
  return (filter) => {
    if (filter.to < since || filter.from >= until) return 0;
    if (sourceBits !== null && (filter.sources & sourceBits) === 0) return 0;
    let parts = allParts(filter);
    if (firstLevel !== null) {
      const levels = filter.levels.slice(firstLevel);
      parts = levels.reduce((some, level) => some | level.parts, 0);
    }
    return parts === 0 || text === null ? parts : parts & text(filter);
  };
}

function textQuery(needed: NeededText): SectionQuery {
  if (typeof needed === 'string') {
    const hashes = trigramsOf(needed).sort((a, b) => a - b);
    return hashes.length === 0 ? allParts : (filter) => filter.partsWith(hashes);
  }
  if ('all' in needed) {
    const queries = needed.all.map(textQuery);
    return (filter) =>
      queries.reduce((parts, query) => parts && parts & query(filter), allParts(filter));
  }
  const queries = needed.any.map(textQuery);
  return (filter) => queries.reduce((parts, query) => parts | query(filter), 0);
}

function allParts({ parts }: Filter): number {
  return 2 ** parts.length - 1;
}

function bitsOf(sources: Iterable<Parameters<typeof sourceBit>[0]>): number {
  return [...sources].reduce((bits, source) => bits | sourceBit(source), 0);
}
