import { CurveStretchesDocument } from '@trainyard/client';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useGraph } from '../graph/use.ts';
import { count, value } from '../parts/format.ts';
import { type CurveData, curveData } from './curve-data.ts';
import type { Curve } from './curves.ts';
import type { Plot } from './plot.ts';
import { useScheme } from './use-scheme.ts';
import { useSeen } from './use-seen.ts';

/** How many stretches a part of a curve is read in: each brings its least and its greatest value. */
const stretches = 1_000;

interface ChartProps {
  jobId: string;
  curve: Curve;
  height: number;
  isLog: boolean;
  /** How much it is smoothed, from 0 to 1. */
  smoothing: number;
  /** Shows a line of the log. */
  showLine: (line: number) => void;
}

/** One curve, drawn while it is in view. Drag to look closer, double-click for all of it, click for the log's line. */
export function Chart(props: ChartProps) {
  const { jobId, curve, height, isLog, smoothing, showLine } = props;
  const figure = useRef<HTMLElement>(null);
  const isSeen = useSeen(figure);
  const [range, setRange] = useState<{ from: number; to: number } | null>(null);
  const part = usePart(jobId, curve.name, range);
  const shown = part ?? curve;
  const data = useMemo(() => curveData(shown, smoothing), [shown, smoothing]);
  const [index, setIndex] = useState<number | null>(null);
  const scheme = useScheme();
  const { element, plot } = usePlot({
    data,
    key: [isSeen, isLog, smoothing > 0, height, scheme].join(),
    isWanted: isSeen,
    options: {
      name: curve.name,
      height,
      isLog,
      isSmooth: smoothing > 0,
      zoomed: setRange,
      pointed: setIndex,
      clicked: (at) => {
        const line = current.current.lines[at];
        if (line != null) showLine(line);
      },
    },
  });
  const current = useRef<CurveData>(data);
  current.current = data;
  useEffect(() => plot.current?.draw(data), [data, plot]);
  const last = curve.points.at(-1);
  const at = index === null ? null : { step: data.steps[index], value: data.values[index] };
  return (
    <figure className="chart" ref={figure}>
      <figcaption>
        <strong>{curve.name}</strong>
        <span className="muted number">
          {at?.step === undefined
            ? last && `${value(last.value)} at step ${count(last.step)}`
            : `${at.value == null ? 'not finite' : value(at.value)} at step ${count(at.step)}`}
        </span>
        <Breaks curve={curve} showLine={showLine} />
        {range && (
          <button type="button" className="plain" onClick={() => setRange(null)}>
            All steps
          </button>
        )}
      </figcaption>
      <div className="plot" ref={element} style={{ height }} />
    </figure>
  );
}

/** Values that are not finite, in words, since they may be one in a million. */
function Breaks({ curve, showLine }: { curve: Curve; showLine: (line: number) => void }) {
  const [first] = curve.notFinite;
  if (!first) return null;
  const { line } = first;
  const words = { NAN: 'NaN', INFINITY: 'infinite', NEGATIVE_INFINITY: 'infinite' }[first.kind];
  const text = `${words} at step ${count(first.step)}`;
  if (line === null) return <span className="wrong">{text}</span>;
  return (
    <button type="button" className="plain wrong" onClick={() => showLine(line)}>
      {text}
    </button>
  );
}

/** A part of a curve, closer than the whole one; null until it is there, and for all of it. */
function usePart(jobId: string, name: string, range: { from: number; to: number } | null) {
  const graph = useGraph();
  const [part, setPart] = useState<Curve | null>(null);
  useEffect(() => {
    setPart(null);
    if (!range) return;
    let isWanted = true;
    const { from: fromStep, to: toStep } = range;
    const variables = { id: jobId, names: [name], fromStep, toStep, maxStretches: stretches };
    graph.query(CurveStretchesDocument, variables).then(
      ({ job }) => {
        const found = job?.metrics?.[0]?.stretches ?? [];
        const points = found.flatMap(({ min, max }) =>
          [min, max].filter((point) => point !== null),
        );
        const notFinite = found.flatMap(({ firstNotFinite }) => firstNotFinite ?? []);
        if (isWanted) setPart({ name, seen: points.length, points, notFinite });
      },
      // The whole curve stays, which is right, but not as close.
      () => {},
    );
    return () => {
      isWanted = false;
    };
  }, [graph, jobId, name, range]);
  return part;
}

function usePlot(props: {
  data: CurveData;
  key: string;
  isWanted: boolean;
  options: ConstructorParameters<typeof Plot>[2];
}) {
  const { data, key, isWanted, options } = props;
  const element = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot | null>(null);
  const latest = useRef(data);
  latest.current = data;
  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` stands for what of the options changes the drawing
  useEffect(() => {
    if (!isWanted) return;
    let isLeft = false;
    void import('./plot.ts').then(({ Plot: Loaded }) => {
      if (!isLeft && element.current) {
        plot.current = new Loaded(element.current, latest.current, options);
      }
    });
    return () => {
      isLeft = true;
      plot.current?.close();
      plot.current = null;
    };
  }, [key]);
  return { element, plot };
}
