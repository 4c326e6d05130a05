import { useEffect, useRef } from 'react';
import { useValue, type Value } from '../graph/value.ts';
import type { MatchesState } from './matches.ts';
import type { ScreenState } from './screen.ts';

/** Marks beside the scrollbar where the matches are. */
export function Ticks(props: { matches: Value<MatchesState>; total: Value<ScreenState> }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { offsets } = useValue(props.matches);
  const { total, filtered } = useValue(props.total);
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (!element || !context) return;
    element.width = element.clientWidth;
    element.height = element.clientHeight;
    context.fillStyle = getComputedStyle(element).color;
    const rows = new Set(offsets.map((offset) => Math.floor((offset / total) * element.height)));
    for (const row of rows) context.fillRect(0, row, element.width, 2);
  }, [offsets, total]);
  if (offsets.length === 0 || total === 0 || filtered) return null;
  return <canvas ref={canvas} className="ticks" />;
}
