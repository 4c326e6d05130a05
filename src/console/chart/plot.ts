import uPlot from 'uplot';
import type { CurveData } from './curve-data.ts';

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
    const colors = getComputedStyle(this.#element);
    const color = (name: string) => resolved(this.#element, colors.getPropertyValue(name));
    const axis: uPlot.Axis = {
      stroke: color('--muted'),
      font: '11px system-ui, sans-serif',
      grid: { stroke: color('--line'), width: 1 },
      ticks: { stroke: color('--line'), width: 1, size: 4 },
    };
    const line = color('--accent');
    return {
      width: this.#element.clientWidth,
      height,
      padding: [8, 20, 0, 0],
      legend: { show: false },
      scales: {
        x: { time: false },
        y: isLog ? { distr: 3, log: 10 } : { range: padded },
      },
      axes: [
        { ...axis, size: 24, values: (_, steps) => steps.map(shortNumber) },
        { ...axis, size: 52, values: (_, values) => values.map(axisValue) },
      ],
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
        draw: [(plot) => this.#drawBreaks(plot, color('--bad'))],
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

/** A canvas knows no `light-dark()`: the browser makes a plain colour of it. */
function resolved(element: HTMLElement, color: string): string {
  const probe = document.createElement('span');
  probe.style.color = color;
  element.append(probe);
  const plain = getComputedStyle(probe).color;
  probe.remove();
  return plain;
}

/** A little room above and below, also for a curve that is flat. */
function padded(_: uPlot, min: number | null, max: number | null): [number, number] {
  if (min === null || max === null) return [0, 1];
  const room = (max - min) * 0.05 || Math.abs(max) * 0.1 || 1;
  return [min - room, max + room];
}

const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 2 });

function shortNumber(number: number): string {
  return Number.isInteger(number) ? short.format(number) : '';
}

function axisValue(number: number | null): string {
  if (number === null) return '';
  const size = Math.abs(number);
  if (size !== 0 && (size < 0.001 || size >= 1e5)) return number.toExponential(0);
  return String(Number(number.toPrecision(3)));
}
