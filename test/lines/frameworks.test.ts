import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MetricsReader } from '../../src/lines/metrics.ts';
import { LineSplitter } from '../../src/lines/split.ts';

// A folder a framework: `output.log` is what it prints, `expected.json` what a reader of the log expects.
// A series may have one of several names (`grad norm|grad_norm`), and "any" points.
interface Expected {
  progress?: Record<string, unknown>;
  metrics?: Record<string, [number, number | string][] | 'any'>;
  noMetrics?: string[];
}

const root = new URL('frameworks/', import.meta.url);

function tell(log: Buffer) {
  const reader = new MetricsReader();
  const metrics: Record<string, [number, number | string][]> = {};
  const splitter = new LineSplitter();
  let line = 0;
  const read = (text: string) => {
    for (const { name, step, value } of reader.read(text, 0, line++)) {
      metrics[name] ??= [];
      metrics[name].push([step, Number.isFinite(value) ? value : String(value)]);
    }
  };
  splitter.push(log, read);
  splitter.end(read);
  return { progress: reader.progress, metrics };
}

describe('what a framework prints is read as it means it', () => {
  it.each(readdirSync(root))('%s', (name) => {
    const expected: Expected = JSON.parse(
      readFileSync(new URL(`${name}/expected.json`, root), 'utf8'),
    );
    const { progress, metrics } = tell(readFileSync(new URL(`${name}/output.log`, root)));
    if (expected.progress) expect(progress).toMatchObject(close(expected.progress));
    const names = Object.keys(metrics);
    for (const [alternatives, points] of Object.entries(expected.metrics ?? {})) {
      const found = alternatives.split('|').find((it) => names.includes(it));
      expect(names, alternatives).toContain(found ?? alternatives);
      if (points !== 'any') expect(metrics[found ?? ''], alternatives).toEqual(points);
    }
    if (expected.metrics && Object.keys(expected.metrics).length === 0) expect(names).toEqual([]);
    for (const none of expected.noMetrics ?? []) expect(names).not.toContain(none);
  });
});

function close(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === 'number' ? expect.closeTo(value, 9) : value,
    ]),
  );
}
