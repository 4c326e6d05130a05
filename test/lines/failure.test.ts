import { describe, expect, it } from 'vitest';
import { failureMessage, findFailure } from '../../src/lines/failure.ts';

type End = Parameters<typeof findFailure>[1];
const failed: End = { exitCode: 1, signal: null };

function find(texts: readonly string[], end: End = failed) {
  return findFailure(texts, end);
}

function messageOf(texts: readonly string[], end: End = failed): string {
  return failureMessage({ ...end, what: find(texts, end)?.what ?? null });
}

const head = 'Traceback (most recent call last):';
const frame = ['  File "train.py", line 3, in <module>', '    main()'];
const traceback = [head, ...frame, 'RuntimeError: CUDA out of memory. Tried to allocate 2 GiB'];

describe('findFailure', () => {
  it('gives the last lines of a log without a failure, and no reason', () => {
    expect(find(["{'loss': 2.3}", 'step 2 loss 2.1', ''], { exitCode: 3, signal: null })).toEqual({
      at: 0,
      excerpt: ["{'loss': 2.3}", 'step 2 loss 2.1'],
      what: null,
    });
    expect(find([])).toBeNull();
  });

  it('finds a traceback and what follows it', () => {
    expect(find(['step 1', ...traceback, 'bye'])).toEqual({
      at: 1,
      excerpt: [...traceback, 'bye'],
      what: traceback.at(-1),
    });
  });

  it('finds a traceback behind an unfinished bar', () => {
    const bar = '  0%|          | 0/100 [00:00<?, ?it/s]';
    expect(find([`${bar}${head}`, ...frame, 'ValueError: no'])?.at).toBe(0);
  });

  it('chooses the last of chained tracebacks', () => {
    const texts = [
      head,
      ...frame,
      "KeyError: 'a'",
      '',
      'During handling of the above exception, another exception occurred:',
      '',
      head,
      ...frame,
      'ValueError: no such layer',
    ];
    expect(find(texts)).toEqual({
      at: 7,
      excerpt: texts.slice(7),
      what: 'ValueError: no such layer',
    });
  });

  it('keeps the beginning and the message of a long traceback', () => {
    const frames = Array.from({ length: 500 }, (_, i) => `  File "a.py", line ${i}, in f`);
    const { at, excerpt } = find(['x', head, ...frames, 'RecursionError: deep', 'y']) ?? {};
    expect(at).toBe(1);
    expect(excerpt).toEqual([head, ...frames.slice(0, 17), '  …', 'RecursionError: deep']);
  });

  it('prefers the cause to the launcher that only passes it on', () => {
    const launcher = [head, ...frame, "subprocess.CalledProcessError: Command '[x]' returned 1."];
    expect(find([...traceback, ...launcher])?.at).toBe(0);
    expect(find(launcher)?.at).toBe(0);
  });

  it('prefers a traceback to a line of level ERROR', () => {
    expect(find([...traceback, 'ERROR: the run has failed'])?.at).toBe(0);
  });

  it("follows one process's traceback where several write", () => {
    const texts = [
      `[rank0]: ${head}`,
      `[rank1]: ${head}`,
      '[rank0]:   File "train.py", line 3, in <module>',
      '[rank1]:   File "train.py", line 3, in <module>',
      '[rank0]: ValueError: bad shape',
      '[rank1]: ValueError: bad shape',
    ];
    expect(find(texts)?.at).toBe(0);
    expect(messageOf(texts)).toBe('exit code 1: ValueError: bad shape');
  });

  it('finds a traceback in a frame', () => {
    const texts = [
      '╭───── Traceback (most recent call last) ─────╮',
      '│ /app/train.py:3 in <module>                 │',
      '╰─────────────────────────────────────────────╯',
      'ValueError: bad shape',
    ];
    expect(messageOf(texts)).toBe('exit code 1: ValueError: bad shape');
  });

  it('finds a Node stack', () => {
    const texts = [
      '/app/train.js:3',
      '    throw new TypeError("x")',
      '',
      'TypeError: x',
      '    at main (/app/train.js:3:9)',
      '    at node:internal/main:1:1',
      '',
      'Node.js v24.1.0',
    ];
    expect(find(texts)?.at).toBe(3);
    expect(find(['ERROR: y', ...texts, 'ERROR: z'])?.at).toBe(4);
  });

  it.each([
    'torch.cuda.OutOfMemoryError: CUDA out of memory.',
    'RuntimeError: CUDA error: out of memory',
    'Out of memory: Killed process 140 (python)',
    'Killed',
  ])('finds %j', (line) => {
    expect(find(['a', line, 'ERROR: gone'], { exitCode: 137, signal: null })?.at).toBe(1);
  });

  it('is content with the first of the errors near the end', () => {
    const texts = ['ERROR: one', 'a', 'b', 'c', 'd', 'x: error: no --x', 'ERROR: two', 'e'];
    const what = 'x: error: no --x';
    expect(find(texts)).toEqual({ at: 5, excerpt: texts.slice(5), what });
  });

  it('cuts endless lines, a message cut short keeps whole characters', () => {
    const texts = [`ERROR: ${'🙂'.repeat(30_000)}`];
    expect(find(texts)?.excerpt[0]?.length).toBeLessThanOrEqual(1000);
    const message = messageOf(texts);
    expect(message.length).toBeLessThanOrEqual(500);
    expect(message.isWellFormed()).toBe(true);
  });
});

describe('failureMessage', () => {
  it.each([
    [1, null, traceback, 'exit code 1: RuntimeError: CUDA out of memory. Tried to allocate 2 GiB'],
    [null, 'SIGKILL', [], 'killed by SIGKILL (often: out of memory)'],
    [null, 'SIGTERM', ['ERROR: told to stop'], 'killed by SIGTERM: ERROR: told to stop'],
    [137, null, [], 'exit code 137 (SIGKILL, often: out of memory)'],
    [127, null, [], 'exit code 127 (the program was not found)'],
    [2, null, [], 'exit code 2'],
    [1, null, [head, ...frame], 'exit code 1'],
    [1, null, ['\u001b[31mError: red\u001b[0m', '    at x'], 'exit code 1: Error: red'],
    [null, null, ['Error: lost'], 'Error: lost'],
    [null, null, [], 'failed; neither an exit code nor the log says why'],
  ])('of exit code %s, signal %s and %j', (exitCode, signal, texts, message) => {
    expect(messageOf(texts, { exitCode, signal })).toBe(message);
  });
});
