import { useEffect, useRef } from 'react';
import { useValue, type Value } from '../graph/value.ts';
import type { MatchesState } from './matches.ts';
import type { ScreenState } from './screen.ts';

/** Marks beside the scrollbar: where the matches are, and the errors. */
export function Ticks(props: {
  matches: Value<MatchesState>;
  errors: readonly number[];
  state: Value<ScreenState>;
}) {
  const { offsets } = useValue(props.matches);
  const { total, filtered } = useValue(props.state);
  if (total === 0 || filtered) return null;
  return (
    <>
      <Strip look="ticks errors" offsets={props.errors} total={total} />
      <Strip look="ticks" offsets={offsets} total={total} />
    </>
  );
}

function Strip(props: { look: string; offsets: readonly number[]; total: number }) {
  const { look, offsets, total } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
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
  return offsets.length > 0 && <canvas ref={canvas} className={look} />;
}
