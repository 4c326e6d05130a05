import uPlot from 'uplot';
import type { CurveData } from './curve-data.ts';
import { colorOf, plotLook } from './plot-look.ts';

export interface PlotOptions {
  name: string;
  height: number;
  isLog: boolean;
  /** The raw curve is drawn faintly behind a smoothed one. */
  isSmooth: boolean;
  /** Somebody chose steps to look at closer; null for all. */
  zoomed: (steps: { from: number; to: number } | null) => void;
  /** Somebody clicked at a step. */
  clicked: (index: number) => void;
  /** The point under the cursor; null for none. */
  pointed: (index: number | null) => void;
}

/** Draws one curve into an element, in the colours of the page. */
export class Plot {
  readonly #plot: uPlot;
  readonly #element: HTMLElement;
  readonly #options: PlotOptions;
  readonly #observer: ResizeObserver;
  #breaks: readonly number[] = [];

  constructor(element: HTMLElement, data: CurveData, options: PlotOptions) {
    this.#element = element;
    this.#options = options;
    this.#plot = new uPlot(this.#settings(), aligned(data), element);
    this.#take(data);
    this.#observer = new ResizeObserver(() => {
      this.#plot.setSize({ width: element.clientWidth, height: options.height });
    });
    this.#observer.observe(element);
  }

  draw(data: CurveData): void {
    this.#take(data);
    this.#plot.setData(aligned(data));
  }

  close(): void {
    this.#observer.disconnect();
    this.#plot.destroy();
  }

  #take(data: CurveData): void {
    this.#breaks = data.steps.filter((_, index) => data.values[index] === null);
  }

  #settings(): uPlot.Options {
    const { isLog, isSmooth, height, zoomed, pointed, clicked } = this.#options;
    const line = colorOf(this.#element, '--accent');
    const bad = colorOf(this.#element, '--bad');
    return {
      width: this.#element.clientWidth,
      height,
      ...plotLook(this.#element, isLog),
      series: [
        {},
        {
          stroke: isSmooth ? `color-mix(in srgb, ${line} 35%, transparent)` : line,
          width: isSmooth ? 1 : 1.5,
          points: { show: false },
        },
        { show: isSmooth, stroke: line, width: 2, points: { show: false } },
      ],
      cursor: {
        drag: { x: true, y: false, setScale: false },
        sync: { key: 'curves', setSeries: false },
        points: { size: 7 },
        bind: {
          dblclick: () => () => {
            zoomed(null);
            return null;
          },
          click: (plot) => () => {
            if (plot.cursor.idx != null && plot.select.width < 4) clicked(plot.cursor.idx);
            return null;
          },
        },
      },
      hooks: {
        setCursor: [(plot) => pointed(plot.cursor.idx ?? null)],
        setSelect: [
          (plot) => {
            const { left, width } = plot.select;
            if (width < 4) return;
            const from = Math.round(plot.posToVal(left, 'x'));
            const to = Math.round(plot.posToVal(left + width, 'x'));
            plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            zoomed({ from, to });
          },
        ],
        draw: [(plot) => this.#drawBreaks(plot, bad)],
      },
    };
  }

  /** A stroke from top to bottom where a value is not finite: such a thing is news. */
  #drawBreaks(plot: uPlot, color: string): void {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.strokeStyle = color;
    ctx.fillStyle = color;
    ctx.lineWidth = devicePixelRatio;
    ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
    ctx.textAlign = 'left';
    let last = Number.NEGATIVE_INFINITY;
    for (const step of this.#breaks) {
      const x = Math.round(plot.valToPos(step, 'x', true));
      if (x < bbox.left || x > bbox.left + bbox.width || x - last < 2) continue;
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      if (x - last > 40 * devicePixelRatio) {
        ctx.fillText('NaN', x + 4 * devicePixelRatio, bbox.top + 12 * devicePixelRatio);
      }
      last = x;
    }
    ctx.restore();
  }
}

function aligned({ steps, values, smooth }: CurveData): uPlot.AlignedData {
  return [steps, values, smooth];
}
