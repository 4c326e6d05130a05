import { useEffect, useState } from 'react';
import type { LogScreen } from './screen.ts';
import { parseTimeColumn, type TimeColumn, timeTeller } from './times.ts';

const key = 'trainyard:times';

/** The column of times, which this browser remembers. */
export function useTimes(screen: LogScreen, start: string) {
  const [column, setColumn] = useState<TimeColumn>(() =>
    parseTimeColumn(localStorage.getItem(key)),
  );
  useEffect(() => {
    localStorage.setItem(key, column);
    screen.viewport.times(timeTeller(column, start));
  }, [screen, column, start]);
  return { column, change: setColumn };
}
