import type { SectionQuery } from '../search-index/query.ts';
import { isDamage } from './errors.ts';
import type { LogShape } from './log-shape.ts';
import type { PlacedSection, SectionRows } from './section-rows.ts';

/** A stretch of a log, from where the step before it ends up to, or back to, the line `to`. */
export interface ScanStep {
  to: number;
  isRead: boolean;
}

/** Sections that are looked at at a time: a millisecond or so. */
const sectionsPerPlan = 64;

/** Divides a log into what a scan must read and what it need not. */
export class ScanPlanner {
  readonly #sections: SectionRows;
  readonly #useless: (seq: number, first: number) => void;

  /** `useless` is called for each section met whose filter is damaged or of another version. */
  constructor(sections: SectionRows, useless: (seq: number, first: number) => void) {
    this.#sections = sections;
    this.#useless = useless;
  }

  /** The next steps from the line `next` on: at least one. The last one may lead beyond the end of the log. */
  forwards(log: LogShape, query: SectionQuery, next: number): ScanStep[] {
    const steps: ScanStep[] = [];
    for (const section of this.#readable(this.#sections.from(log, next))) {
      if (section === null) return steps;
      if (section.first > next) add(steps, { to: section.first, isRead: true });
      for (const { end, isRead } of this.#parts(log, section, query)) {
        if (end > next) add(steps, { to: end, isRead });
      }
    }
    add(steps, { to: Number.POSITIVE_INFINITY, isRead: true });
    return steps;
  }

  /** The next steps back from the line `next`: at least one. The last one of all leads to the line 0. */
  backwards(log: LogShape, query: SectionQuery, next: number): ScanStep[] {
    const steps: ScanStep[] = [];
    for (const section of this.#readable(this.#sections.before(log, next))) {
      if (section === null) return steps;
      if (section.end < next) add(steps, { to: section.end, isRead: true });
      for (const { first, isRead } of this.#parts(log, section, query).reverse()) {
        if (first < next) add(steps, { to: first, isRead });
      }
    }
    add(steps, { to: 0, isRead: true });
    return steps;
  }

  /** Sections, with null where they are enough for one plan. Ends where the file is damaged: that costs time alone. */
  *#readable(sections: Iterable<PlacedSection>): Generator<PlacedSection | null> {
    let looked = 0;
    try {
      for (const section of sections) {
        if (looked === sectionsPerPlan) yield null;
        yield section;
        looked += 1;
      }
    } catch (error) {
      if (!isDamage(error)) throw error;
    }
  }

  /** The parts of a section; it is one part where nothing is known of it. */
  #parts(
    { seq, total }: LogShape,
    { first, end, filter }: PlacedSection,
    query: SectionQuery,
  ): Part[] {
    if (filter === null) this.#useless(seq, first);
    // Nothing is to be made of a filter for lines that are not there.
    if (filter === null || end > total) return [{ first, end, isRead: true }];
    const wanted = query(filter);
    let next = first;
    return filter.parts.map((count, index) => {
      const part = { first: next, end: next + count, isRead: (wanted & (1 << index)) !== 0 };
      next += count;
      return part;
    });
  }
}

interface Part {
  first: number;
  end: number;
  isRead: boolean;
}

function add(steps: ScanStep[], step: ScanStep): void {
  const last = steps.at(-1);
  if (last?.isRead === step.isRead) last.to = step.to;
  else steps.push(step);
}
