import { useEffect, useRef } from 'react';
import type { LogScreen } from './screen.ts';
import type { LogErrors } from './use-errors.ts';
import type { Find } from './use-find.ts';

/** The keys of a log, which work wherever nothing is typed. */
export function useLogKeys(options: {
  screen: LogScreen;
  find: Find;
  errors: LogErrors;
  toggleWrap: () => void;
}) {
  const goToLine = useRef<HTMLInputElement>(null);
  const current = useRef(options);
  current.current = options;
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const { screen, find, errors, toggleWrap } = current.current;
      const field = document.querySelector<HTMLInputElement>('.log input[type="search"]');
      const isFind = event.key.toLowerCase() === 'f' && (event.ctrlKey || event.metaKey);
      // The second Ctrl-F is the browser's own.
      if (isFind && document.activeElement !== field) {
        event.preventDefault();
        field?.focus();
        field?.select();
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const { viewport } = screen;
      const keys: Record<string, () => void> = {
        '/': () => field?.select(),
        n: () => find.go(false),
        N: () => find.go(true),
        e: errors.next,
        g: () => goToLine.current?.select(),
        G: () => viewport.toEnd(),
        f: () => viewport.follow(!viewport.isFollowing),
        w: toggleWrap,
      };
      const act = keys[event.key];
      if (!act) return;
      event.preventDefault();
      act();
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, []);
  return { goToLine };
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input, textarea, select, dialog *');
}
