import type { LogLevel, LogSource } from '@trainyard/client';
import { useEffect } from 'react';
import { useSearchParams } from 'wouter';
import { type Choice, choiceFilter, type Search } from './query.ts';
import type { LogScreen } from './screen.ts';

export interface FilterChoice {
  choice: Choice;
  change: (part: Partial<Choice>) => void;
  clear: () => void;
  isOn: boolean;
}

const levels: readonly LogLevel[] = ['DEBUG', 'INFO', 'WARNING', 'ERROR'];
const sources: readonly LogSource[] = ['STDOUT', 'STDERR', 'SYSTEM'];

/** Which lines are shown. The address holds it. */
export function useFilter(screen: LogScreen, search: Search): FilterChoice {
  const [params, setParams] = useSearchParams();
  const choice: Choice = {
    level: levels.find((level) => level === params.get('level')) ?? null,
    source: sources.find((source) => source === params.get('source')) ?? null,
    onlyMatches: params.get('only') === 'matches' && search.text !== '',
  };
  const filter = choiceFilter(choice, search);
  const key = JSON.stringify(filter);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` stands for the filter
  useEffect(() => {
    // While somebody types, every letter would be a search.
    const timer = setTimeout(() => screen.filter(filter), choice.onlyMatches ? 250 : 0);
    return () => clearTimeout(timer);
  }, [screen, key]);
  const change = (part: Partial<Choice>) => {
    const next = { ...choice, ...part };
    setParams(
      (last) => {
        const to = new URLSearchParams(last);
        set(to, 'level', next.level);
        set(to, 'source', next.source);
        set(to, 'only', next.onlyMatches ? 'matches' : null);
        set(to, 'find', next.onlyMatches ? search.text : null);
        return to;
      },
      { replace: true },
    );
  };
  const clear = () => change({ level: null, source: null, onlyMatches: false });
  return { choice, change, clear, isOn: filter !== null };
}

function set(params: URLSearchParams, name: string, value: string | null): void {
  if (value === null) params.delete(name);
  else params.set(name, value);
}
