import { expect, test } from 'vitest';
import { stateOf, statusAnswer, timeOf } from '../../../src/providers/local/api/wire.ts';

const state = (answer: object) => stateOf(statusAnswer.parse(answer));

test('knows the status words, and keeps a word that it does not know', () => {
  const words = ['queued', 'pending', 'running', 'paused', 'completed', 'failed', 'cancelled'];
  expect(words.map((status) => state({ status }).status)).toEqual([
    'QUEUED',
    'QUEUED',
    'RUNNING',
    'PAUSED',
    'COMPLETED',
    'FAILED',
    'CANCELLED',
  ]);
  expect(state({ status: 'toString' })).toEqual({ status: null, providerStatus: 'toString' });
});

test('reads times without a zone as UTC, and others as they are', () => {
  const ms = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
  expect(timeOf('2026-01-02T03:04:05.678000')).toBe(ms);
  expect(timeOf('2026-01-02 03:04:05.678')).toBe(ms);
  expect(timeOf('2026-01-02T03:04:05.678Z')).toBe(ms);
  expect(timeOf('2026-01-02T04:04:05.678+01:00')).toBe(ms);
  expect(timeOf('yesterday')).toBeNull();
  expect(timeOf(null)).toBeNull();
});

test('leaves out what is not said, or is not of its kind', () => {
  const odd = { progress: 'half', total_steps: 0, loss: null, started_at: 17, error_message: {} };
  expect(state({ status: 'running', ...odd })).toEqual({
    status: 'RUNNING',
    providerStatus: 'running',
  });
});

test('says how far a job is', () => {
  const said = {
    status: 'running',
    progress: 120,
    current_step: 0,
    total_steps: 80,
    current_epoch: 0.5,
    total_epochs: 2,
    loss: 1.25,
    learning_rate: 1e-5,
    remaining_seconds: 90,
  };
  expect(state(said).progress).toEqual({
    step: 0,
    totalSteps: 80,
    epoch: 0.5,
    totalEpochs: 2,
    percent: 100,
    loss: 1.25,
    learningRate: 1e-5,
    secondsRemaining: 90,
  });
});

test('says what a queued job waits for, as far as the server says it', () => {
  const waits_for = { position: 3, job_id: 'other', concurrency: 2 };
  const queued = { status: 'queued', status_reason: 'There are others', waits_for };
  expect(state(queued).waitsFor).toEqual({
    message: 'There are others',
    position: 3,
    ahead: 'other',
    concurrency: 2,
  });
  expect(state({ status: 'queued', queue_position: 4 }).waitsFor).toEqual({
    message: 'The job is at place 4 of the queue',
    position: 4,
    ahead: null,
    concurrency: null,
  });
  expect(state({ status: 'queued', queue_position: 0, waits_for: 'me' }).waitsFor).toBeUndefined();
  expect(state({ ...queued, status: 'running' }).waitsFor).toBeUndefined();
});

test('says why a job failed', () => {
  expect(state({ status: 'failed', error: 'out of memory', exit_code: 1 }).failure).toEqual({
    message: 'out of memory',
    exitCode: 1,
  });
  expect(state({ status: 'failed', error_message: '', exit_code: -9 }).failure).toEqual({
    signal: 'SIGKILL',
  });
});

test('holds numbers to what the graph can say', () => {
  const odd = { current_step: 62.5, total_steps: 3_000_000_000 };
  expect(state({ status: 'running', ...odd })).toEqual({
    status: 'RUNNING',
    providerStatus: 'running',
  });
  // Windows' access violation.
  expect(state({ status: 'failed', exit_code: 3_221_225_477 }).failure).toEqual({
    message: 'exit code 3221225477',
  });
});
