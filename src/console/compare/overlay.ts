import uPlot from 'uplot';
import { curveData } from '../chart/curve-data.ts';
import type { Curve } from '../chart/curves.ts';
import { colorOf, plotLook } from '../chart/plot-look.ts';

/** Draws the same curve of several jobs over each other. */
export class Overlay {
  readonly #plot: uPlot;
  readonly #observer: ResizeObserver;

  /** `colors` are names of the style sheet, one for each curve. */
  constructor(
    element: HTMLElement,
    curves: readonly (Curve | undefined)[],
    options: { colors: readonly string[]; isLog: boolean; height: number },
  ) {
    const { colors, isLog, height } = options;
    this.#plot = new uPlot(
      {
        width: element.clientWidth,
        height,
        ...plotLook(element, isLog),
        series: [
          {},
          ...colors.map((color) => ({
            stroke: colorOf(element, color),
            width: 1.5,
            spanGaps: true,
            points: { show: false },
          })),
        ],
        cursor: { sync: { key: 'compared', setSeries: false } },
      },
      joined(curves),
      element,
    );
    this.#observer = new ResizeObserver(() =>
      this.#plot.setSize({ width: element.clientWidth, height }),
    );
    this.#observer.observe(element);
  }

  draw(curves: readonly (Curve | undefined)[]): void {
    this.#plot.setData(joined(curves));
  }

  close(): void {
    this.#observer.disconnect();
    this.#plot.destroy();
  }
}

/** One column of steps for all. A step that a job printed twice counts with its last value. */
function joined(curves: readonly (Curve | undefined)[]): uPlot.AlignedData {
  const tables = curves.map((curve): uPlot.AlignedData => {
    if (!curve) return [[], []];
    const { steps, values } = curveData(curve, 0);
    const bySteps = new Map(steps.map((step, index) => [step, values[index] ?? null]));
    return [[...bySteps.keys()], [...bySteps.values()]];
  });
  return uPlot.join(tables);
}
