import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isOver } from '../../src/core/job.ts';
import type { JobRef, Provider, StatusReport } from '../../src/core/provider.ts';
import { Follower, jobOf, numbered } from './follow.ts';

/** A provider with a real server behind it, whose jobs do what the test says. */
export interface Yard {
  provider: Provider;
  /** The job's process, once it runs. */
  process(jobId: string): Promise<YardProcess>;
  close(): Promise<void>;
}

interface YardProcess {
  print(lines: readonly string[]): void;
  /** Ends with exit code 0, or with 3. */
  end(how: 'well' | 'badly'): void;
}

/** What every provider promises, whatever server it talks to. */
export function providerContract(name: string, open: () => Promise<Yard>): void {
  describe(`${name} keeps the provider contract`, () => {
    let yard: Yard;
    let provider: Provider;
    const ending = new AbortController();
    const { signal } = ending;

    beforeEach(async () => {
      yard = await open();
      provider = yard.provider;
    });
    afterEach(async () => {
      await yard.close();
    });

    const deploy = async (id: string): Promise<{ ref: JobRef; process: YardProcess }> => {
      const { externalId } = await provider.deploy(jobOf(id), signal);
      return { ref: { jobId: id, externalId }, process: await yard.process(id) };
    };

    test('is up', async () => {
      const health = await provider.health(signal);
      expect(health).toMatchObject({ status: 'UP', message: null });
      expect(health.latencyMs).toBeGreaterThanOrEqual(0);
      expect(provider.recipes()).toContain('default');
    });

    test('says how each job is', async () => {
      const { ref, process } = await deploy('job-a');
      const other = await deploy('job-b');
      const reports = await statusOf(provider, [ref, other.ref, { jobId: 'no', externalId: 'no' }]);
      expect(reports.get('job-a')).toMatchObject({ state: { status: 'RUNNING' } });
      expect(reports.get('job-b')).toMatchObject({ state: { status: 'RUNNING' } });
      expect(reports.get('no')).toMatchObject({ error: { code: 'NOT_FOUND' } });
      process.end('well');
      other.process.end('badly');
      expect(await ended(provider, ref)).toMatchObject({ status: 'COMPLETED' });
      const failed = await ended(provider, other.ref);
      expect(failed).toMatchObject({ status: 'FAILED' });
      expect(failed.failure?.message ?? failed.failure?.exitCode).toBeTruthy();
    });

    test('says when a job started and finished, in UTC', async () => {
      const before = Date.now();
      const { ref, process } = await deploy('job-a');
      process.end('well');
      const { startedAt, finishedAt } = await ended(provider, ref);
      expect(startedAt).toBeGreaterThanOrEqual(before - 1000);
      expect(finishedAt).toBeGreaterThanOrEqual(startedAt ?? Number.NaN);
      expect(finishedAt).toBeLessThanOrEqual(Date.now() + 1000);
    });

    test('starts a job once, however often it is asked to', async () => {
      const job = jobOf('job-a');
      const first = await provider.deploy(job, signal);
      const process = await yard.process(job.id);
      process.print(['the only start']);
      expect(await provider.deploy(job, signal)).toEqual(first);
      process.end('well');
      const follower = new Follower(
        provider.followLogs({ jobId: 'job-a', ...first }, null, signal),
      );
      await follower.done;
      expect(follower.lines).toEqual(['the only start']);
    });

    test('finds a job that was deployed, and no other', async () => {
      const job = jobOf('job-a');
      expect(await provider.find(job, signal)).toBeNull();
      const { ref } = await deploy('job-a');
      expect(await provider.find(job, signal)).toBe(ref.externalId);
    });

    test('follows a log from the first line to the last', async () => {
      const { ref, process } = await deploy('job-a');
      const follower = new Follower(provider.followLogs(ref, null, signal));
      process.print(['first', '', '  äöü 漢字 🚂  ', 'same', 'same', 'same']);
      await follower.reach(6);
      process.print(['last']);
      process.end('well');
      await follower.done;
      expect(follower.lines).toEqual([
        'first',
        '',
        '  äöü 漢字 🚂  ',
        'same',
        'same',
        'same',
        'last',
      ]);
      expect(follower.gaps).toEqual([]);
      expect(follower.ended).toMatchObject({ state: { status: 'COMPLETED' } });
    });

    test('goes on after any cursor without loss or duplicate', async () => {
      const { ref, process } = await deploy('job-a');
      const lines = numbered('line', 3500);
      process.print(lines.slice(0, 2000));
      const first = new AbortController();
      const follower = new Follower(provider.followLogs(ref, null, first.signal));
      await follower.reach(2000);
      first.abort();
      await follower.done;
      process.print(lines.slice(2000));
      process.end('well');
      for (const [count, cursor] of [[0, null], ...follower.cursors] as const) {
        const resumed = new Follower(provider.followLogs(ref, cursor, signal));
        await resumed.done;
        expect(resumed.lines).toEqual(lines.slice(count));
      }
    });

    test('has the log of a job that ended long before it was asked for', async () => {
      const { ref, process } = await deploy('job-a');
      process.print(['one', 'two']);
      process.end('badly');
      await ended(provider, ref);
      const follower = new Follower(provider.followLogs(ref, null, signal));
      await follower.done;
      expect(follower.lines).toEqual(['one', 'two']);
      expect(follower.ended).toMatchObject({ state: { status: 'FAILED' } });
    });

    test('cancels a job once', async () => {
      const { ref } = await deploy('job-a');
      expect(await provider.cancel(ref, { force: false }, signal)).toBe(true);
      expect(isOver((await ended(provider, ref)).status ?? 'RUNNING')).toBe(true);
      expect(await provider.cancel(ref, { force: true }, signal)).toBe(false);
    });

    test('does not cancel a job that is over', async () => {
      const { ref, process } = await deploy('job-a');
      process.end('well');
      await ended(provider, ref);
      expect(await provider.cancel(ref, { force: false }, signal)).toBe(false);
    });

    test('says of an unknown job that it is not found, and why its log cannot be had', async () => {
      const ref = { jobId: 'no-job', externalId: 'no-job' };
      const notFound = expect.objectContaining({ code: 'NOT_FOUND' });
      await expect(provider.cancel(ref, { force: false }, signal)).rejects.toEqual(notFound);
      expect(provider.logNotice(jobOf('no-job'))).toBeNull();
      const follower = new Follower(provider.followLogs(ref, null, signal));
      await expect(follower.done).rejects.toEqual(notFound);
      expect(follower.lines).toEqual([]);
      expect(provider.logNotice(jobOf('no-job'))).toMatchObject({ message: expect.any(String) });
    });

    test('ends every call with its signal', async () => {
      const { ref } = await deploy('job-a');
      const over = AbortSignal.abort(new Error('enough'));
      await expect(provider.find(jobOf('job-a'), over)).rejects.toThrow('enough');
      await expect(provider.health(over)).rejects.toThrow('enough');
      for await (const report of provider.status([ref], over)) expect.unreachable(report.jobId);
      const leaving = new AbortController();
      const follower = new Follower(provider.followLogs(ref, null, leaving.signal));
      leaving.abort();
      await follower.done;
      expect(follower.ended).toBeNull();
    });
  });
}

async function statusOf(
  provider: Provider,
  refs: readonly JobRef[],
): Promise<Map<string, StatusReport>> {
  const reports = await Array.fromAsync(provider.status(refs, new AbortController().signal));
  expect(reports.length).toBe(refs.length);
  return new Map(reports.map((report) => [report.jobId, report]));
}

/** How the job ended, once it has. */
async function ended(provider: Provider, ref: JobRef) {
  for (;;) {
    const report = (await statusOf(provider, [ref])).get(ref.jobId);
    if (report === undefined || 'error' in report) throw report?.error;
    if (report.state.status !== null && isOver(report.state.status)) return report.state;
  }
}
