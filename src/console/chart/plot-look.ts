import type uPlot from 'uplot';

/** The scales and axes of every plot, in the colours of the page. */
export function plotLook(
  element: HTMLElement,
  isLog: boolean,
): Pick<uPlot.Options, 'padding' | 'legend' | 'scales' | 'axes'> {
  const axis: uPlot.Axis = {
    stroke: colorOf(element, '--muted'),
    font: '11px system-ui, sans-serif',
    grid: { stroke: colorOf(element, '--line'), width: 1 },
    ticks: { stroke: colorOf(element, '--line'), width: 1, size: 4 },
  };
  return {
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
  };
}

/** A colour of the style sheet as a canvas takes it: it knows no `light-dark()`, of which the browser makes a plain one. */
export function colorOf(element: HTMLElement, name: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
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
