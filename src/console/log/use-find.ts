import { useEffect, useMemo, useState } from 'react';
import { useGraph } from '../graph/use.ts';
import { Value } from '../graph/value.ts';
import { Matches, type MatchesState } from './matches.ts';
import { type Search, searchExpression, searchFilter } from './query.ts';
import type { LogScreen } from './screen.ts';

/** What is typed is looked for when nothing more is typed for so long, in milliseconds. */
const settleMs = 250;

/** What comes meanwhile is counted so often, in milliseconds. */
const growMs = 1_000;

const none = new Value<MatchesState>({ offsets: [], searched: 0, isWhole: false, error: null });

export interface Find {
  search: Search;
  change: (part: Partial<Search>) => void;
  matches: Value<MatchesState>;
  /** The line that was found last. */
  line: number | null;
  isLooking: boolean;
  go: (isBackwards: boolean) => void;
  /** Ends the search that is under way. */
  stop: () => void;
}

/** Finds in the whole log, from where one is. */
export function useFind(screen: LogScreen, jobId: string): Find {
  const graph = useGraph();
  const [search, setSearch] = useState<Search>(() => ({
    text: new URLSearchParams(location.search).get('find') ?? '',
    isExpression: false,
    isCaseExact: false,
  }));
  const [matches, setMatches] = useState<Matches | null>(null);
  const [line, setLine] = useState<number | null>(null);
  const [isLooking, setLooking] = useState(false);

  useEffect(() => {
    screen.viewport.highlight(searchExpression(search));
    setLine(null);
    setMatches(null);
    const filter = searchFilter(search);
    if (!filter) return;
    let opened: Matches | null = null;
    const timer = setTimeout(() => {
      opened = new Matches({ graph, jobId, filter });
      setMatches(opened);
    }, settleMs);
    return () => {
      clearTimeout(timer);
      opened?.close();
    };
  }, [graph, jobId, search, screen]);

  useEffect(() => {
    const timer = setInterval(() => {
      const { searched } = matches?.state.get() ?? { searched: Number.POSITIVE_INFINITY };
      if (screen.state.get().total > searched) matches?.grow();
    }, growMs);
    return () => clearInterval(timer);
  }, [matches, screen]);

  const go = async (isBackwards: boolean) => {
    const filter = searchFilter(search);
    if (!filter) return;
    const asked = matches ?? new Matches({ graph, jobId, filter });
    if (!matches) setMatches(asked);
    setLooking(true);
    // The line that one is at counts where nothing was found yet.
    const from = line ?? screen.line - (isBackwards ? 0 : 1);
    try {
      const found = await (isBackwards ? asked.previous(from) : asked.next(from));
      if (found === null) return;
      setLine(found);
      screen.goTo([found, found]);
      history.replaceState(history.state, '', `#L${found}`);
    } catch {
      // The count meets the same error, and it is shown there.
    } finally {
      setLooking(false);
    }
  };
  const stop = () => {
    matches?.close();
    setLooking(false);
  };
  const change = (part: Partial<Search>) => setSearch((last) => ({ ...last, ...part }));
  const state = useMemo(() => matches?.state ?? none, [matches]);
  return { search, change, matches: state, line, isLooking, go: (back) => void go(back), stop };
}
