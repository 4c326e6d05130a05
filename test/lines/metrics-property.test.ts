import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MetricsReader } from '../../src/lines/metrics.ts';

const piece = fc.constantFrom(
  ...['step', 'epoch', 'loss', 'eval_loss', '=', ': ', ' ', '3/10', '0.5', '1e999', 'nan', '-1e-5'],
  ...["{'", "'", '}', '{"', '"', ',', '%|', '| 3/10 [00:01<00:02, ', ']', '\r', '\u001b[31m', 'é'],
);
const line = fc.oneof(
  fc.string({ unit: piece, maxLength: 30 }),
  fc
    .dictionary(fc.constantFrom('step', 'loss', 'epoch', 'x'), fc.float())
    .map((o) => JSON.stringify(o)),
  fc.float().map((loss) => `{'loss': ${loss}, 'epoch': 0.5}`),
);

it('finds values at whole steps under sane names, whatever comes, and resumes anywhere', () => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 20 }), (lines) => {
      const whole = new MetricsReader();
      let resumed = new MetricsReader();
      for (const text of lines) {
        const points = whole.read(text, 1, 2);
        expect(resumed.read(text, 1, 2)).toEqual(points);
        resumed = new MetricsReader(resumed.state());
        for (const { name, step, value } of points) {
          expect(name).toMatch(/^[A-Za-z_][\w ./:@%()-]{0,63}$/);
          expect(Number.isSafeInteger(step) && step >= 0).toBe(true);
          expect(typeof value).toBe('number');
        }
        const { percent, loss, lossNotFinite } = whole.progress;
        expect(loss === null || (Number.isFinite(loss) && lossNotFinite === null)).toBe(true);
        expect(percent === null || (percent >= 0 && percent <= 100)).toBe(true);
      }
      expect(resumed.progress).toEqual(whole.progress);
    }),
    { numRuns: 500 },
  );
});
