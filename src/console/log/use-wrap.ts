import { useCallback, useEffect, useState } from 'react';
import type { LogScreen } from './screen.ts';

const key = 'trainyard:wrap';

/** Whether long lines are wrapped, which this browser remembers. */
export function useWrap(screen: LogScreen) {
  const [isOn, setOn] = useState(() => localStorage.getItem(key) === 'on');
  useEffect(() => {
    localStorage.setItem(key, isOn ? 'on' : 'off');
    screen.viewport.wrap(isOn);
  }, [screen, isOn]);
  return { isOn, toggle: useCallback(() => setOn((last) => !last), []) };
}
