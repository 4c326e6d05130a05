import { useEffect, useRef } from 'react';
import type { Curve } from '../chart/curves.ts';
import { useScheme } from '../chart/use-scheme.ts';
import { useSeen } from '../chart/use-seen.ts';
import type { Overlay } from './overlay.ts';

const height = 240;

/** One metric of several jobs, drawn while it is in view. */
export function ComparedCurve(props: {
  name: string;
  curves: readonly (Curve | undefined)[];
  colors: readonly string[];
  isLog: boolean;
}) {
  const { name, curves, colors, isLog } = props;
  const figure = useRef<HTMLElement>(null);
  const element = useRef<HTMLDivElement>(null);
  const overlay = useRef<Overlay | null>(null);
  const latest = useRef(curves);
  latest.current = curves;
  const isSeen = useSeen(figure);
  const scheme = useScheme();
  // biome-ignore lint/correctness/useExhaustiveDependencies: drawn anew where its colours change
  useEffect(() => {
    if (!isSeen) return;
    let isLeft = false;
    void import('./overlay.ts').then(({ Overlay: Loaded }) => {
      if (isLeft || !element.current) return;
      overlay.current = new Loaded(element.current, latest.current, { colors, isLog, height });
    });
    return () => {
      isLeft = true;
      overlay.current?.close();
      overlay.current = null;
    };
  }, [isSeen, isLog, scheme, colors.join()]);
  useEffect(() => overlay.current?.draw(curves), [curves]);
  return (
    <figure className="chart" ref={figure}>
      <figcaption>
        <strong>{name}</strong>
      </figcaption>
      <div className="plot" ref={element} style={{ height }} />
    </figure>
  );
}
