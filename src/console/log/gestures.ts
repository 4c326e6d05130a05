import type { LineRange } from './row-elements.ts';

/** What somebody does to a log with pointer and keyboard. */
interface Gestures {
  /** Ends the listening. */
  signal: AbortSignal;
  /** The scrollbar is held, or let go. */
  dragged: (isDragged: boolean) => void;
  /** A move up, away from the end. */
  left: () => void;
  toStart: () => void;
  toEnd: () => void;
  selected: () => void;
  selectedAll: () => void;
  unselected: () => void;
  copied: (event: ClipboardEvent) => void;
  /** Lines were chosen by their numbers. */
  chosen: (range: LineRange) => void;
}

/** Tells what somebody does to the log in a scroller. */
export function listenTo(scroller: HTMLElement, gestures: Gestures): void {
  const { signal } = gestures;
  const passive = { passive: true, signal };
  scroller.addEventListener(
    'pointerdown',
    ({ target, offsetX }) =>
      gestures.dragged(target === scroller && offsetX >= scroller.clientWidth),
    passive,
  );
  addEventListener('pointerup', () => gestures.dragged(false), passive);
  // At once, not when the scroller has moved: lines may come in meanwhile.
  scroller.addEventListener('wheel', ({ deltaY }) => deltaY < 0 && gestures.left(), passive);
  scroller.addEventListener('keydown', (event) => pressed(event, gestures), { signal });
  scroller.addEventListener('click', choosing(gestures.chosen), { signal });
  scroller.addEventListener('copy', gestures.copied, { signal });
  document.addEventListener('selectionchange', gestures.selected, { signal });
}

function pressed(event: KeyboardEvent, gestures: Gestures): void {
  const { key } = event;
  if (key === 'Home') gestures.toStart();
  else if (key === 'End') gestures.toEnd();
  else if (key === 'a' && (event.ctrlKey || event.metaKey)) gestures.selectedAll();
  else {
    if (key === 'ArrowUp' || key === 'PageUp') gestures.left();
    if (key === 'Escape') gestures.unselected();
    return;
  }
  event.preventDefault();
}

/** A click on a number chooses its line; with Shift, all from the one before. */
function choosing(chosen: Gestures['chosen']): (event: MouseEvent) => void {
  let anchor: number | null = null;
  return (event) => {
    const link = event.target instanceof Element ? event.target.closest('a.number') : null;
    if (!(link instanceof HTMLElement) || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const line = Number(link.dataset.number);
    if (!event.shiftKey || anchor === null) anchor = line;
    chosen([Math.min(anchor, line), Math.max(anchor, line)]);
  };
}
