import { type GraphError, MetricsUpdatedDocument, type NotFinite } from '@trainyard/client';
import type { Graph } from '../graph/graph.ts';
import { Value } from '../graph/value.ts';

/** The most points of each curve that come at once; all others lie between two of them. */
const pointsAtOnce = 2_000;
/** Curves with more points than this begin again, thinned out by the server. */
const maxPoints = 10_000;

export interface CurvePoint {
  step: number;
  value: number;
  /** The line of the log it was read from. */
  line: number | null;
}

interface CurveBreak {
  step: number;
  kind: NotFinite;
  line: number | null;
}

/** One metric over a job's life. Spikes are in it, however many points were left out. */
export interface Curve {
  name: string;
  seen: number;
  points: readonly CurvePoint[];
  notFinite: readonly CurveBreak[];
}

export interface CurvesState {
  /** By name; null until they are known. */
  curves: ReadonlyMap<string, Curve> | null;
  error: GraphError | null;
}

/** The curves of one job, live: what was drawn stays, and new points are added. */
export class Curves {
  readonly state = new Value<CurvesState>({ curves: null, error: null });
  readonly #graph: Graph;
  readonly #jobId: string;
  #stop: () => void = () => {};
  #isClosed = false;

  constructor(graph: Graph, jobId: string) {
    this.#graph = graph;
    this.#jobId = jobId;
    this.#open();
  }

  close(): void {
    this.#isClosed = true;
    this.#stop();
  }

  #open(): void {
    let isFirst = true;
    const variables = { jobId: this.#jobId, maxPoints: pointsAtOnce };
    this.#stop = this.#graph.follow(MetricsUpdatedDocument, variables, {
      next: ({ metricsUpdated: { series } }) => {
        const curves = new Map(isFirst ? [] : this.state.get().curves);
        isFirst = false;
        for (const part of series) curves.set(part.name, joined(curves.get(part.name), part));
        this.state.set({ curves, error: null });
        const most = Math.max(0, ...[...curves.values()].map(({ points }) => points.length));
        if (most > maxPoints) this.#reopen();
      },
      failed: (error) => this.state.set({ ...this.state.get(), error }),
    });
  }

  #reopen(): void {
    this.#stop();
    // Not within a result of the subscription that ends.
    setTimeout(() => !this.#isClosed && this.#open());
  }
}

function joined(curve: Curve | undefined, part: Curve): Curve {
  if (!curve) return part;
  return {
    name: part.name,
    seen: part.seen,
    points: [...curve.points, ...part.points],
    notFinite: [...curve.notFinite, ...part.notFinite],
  };
}
