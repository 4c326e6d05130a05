import { spawnSync } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { isAlive } from '../../src/lib/system/process-identity.ts';
import type { TrainerOptions } from '../../src/trainer/trainer.ts';
import { shell, startTrainer, type TestTrainer } from '../support/trainer/harness.ts';
import { processesOf } from '../support/trainer/processes.ts';

let trainer: TestTrainer | undefined;
afterEach(async () => {
  vi.restoreAllMocks();
  await trainer?.[Symbol.asyncDispose]();
  trainer = undefined;
});

async function start(options: Partial<TrainerOptions> = {}) {
  trainer = await startTrainer(options);
  return trainer.client;
}

describe('how a job ends', () => {
  test.each([
    ['exit 0', { status: 'completed', exit_code: 0, signal: null, error_message: null }],
    [
      'exit 42',
      { status: 'failed', exit_code: 42, error_message: 'the process ended with exit code 42' },
    ],
    ['kill -KILL $$', { status: 'failed', exit_code: null, signal: 'SIGKILL' }],
    ['kill -SEGV $$', { status: 'failed', exit_code: null, signal: 'SIGSEGV' }],
  ])('is told exactly: %s', async (script, expected) => {
    const client = await start();
    await client.run('job', script);
    await client.over('job');
    expect(await client.status('job')).toMatchObject(expected);
  });

  test.each([
    ['a program that is not there', { command: ['no-such-program', 'x'] }, 'no-such-program'],
    ['a program that cannot be run', { command: ['{config}'] }, 'not an executable'],
    ['no program at all', { command: [] }, 'cannot start'],
    ['a folder that is not there', { ...shell, cwd: 'no/such/folder' }, 'no/such/folder'],
    ['a value that the config lacks', { command: ['echo', '{config.size}'] }, 'config.size'],
    ['a value that only every object has', { command: ['echo', '{config.toString}'] }, 'toString'],
    ['a data set that it lacks', { command: ['echo', '{dataset}'] }, 'data'],
  ])('is failed, and the log says why, for %s', async (_, recipe, reason) => {
    const client = await start({ recipes: { default: recipe } });
    await client.run('job', 'true');
    const { lines, end } = await client.over('job');
    expect(end).toMatchObject({ status: 'failed', exit_code: null });
    expect(end.error_message).toContain(reason);
    expect(lines.at(-1)).toBe(`[trainyard] ${end.error_message}`);
  });
});

describe('what a job leaves behind in its group', () => {
  const up = '"$JOB_OUTPUT_DIR/up"';
  const leave = (script: string) => `(${script}) & until [ -e ${up} ]; do sleep 0.01; done; exit 3`;

  test('is asked to end before the next job starts, and its lines are kept', async () => {
    const client = await start();
    const script = `trap "echo asked; exit" TERM; touch ${up}; while :; do sleep 0.02; done`;
    await client.run('job', leave(script));
    await client.run('next', 'echo next');
    const { lines, end } = await client.over('job');
    expect(lines.at(-1)).toBe('asked');
    expect(end).toMatchObject({ status: 'failed', exit_code: 3 });
    expect((await client.over('next')).lines).toEqual(['next']);
  });

  test('is killed where it does not obey', async () => {
    const client = await start();
    const deaf = `trap "" TERM; echo left $$; touch ${up}; while :; do sleep 0.02; done`;
    await client.run('job', leave(`exec sh -c '${deaf}'`));
    const { lines, end } = await client.over('job');
    expect(end).toMatchObject({ status: 'failed', exit_code: 3 });
    const pid = Number(lines[0]?.split(' ')[1]);
    await expect.poll(() => isRunning(pid)).toBe(false);
  });

  test('may say its last words', async () => {
    const client = await start({
      recipes: { default: { command: ['bash', '-c', '{config.script}'] } },
    });
    await client.run(
      'job',
      'exec > >(while read -r line; do echo "$line"; sleep 0.02; done); echo a; echo b; echo c',
    );
    expect((await client.over('job')).lines).toEqual(['a', 'b', 'c']);
  });
});

describe('a job whose folder is removed', () => {
  const remove = (id: string) =>
    rm(path.join(trainer?.dataDir ?? '', 'jobs', id), { recursive: true });
  const expected = {
    status: 'failed',
    exit_code: null,
    error_message: expect.stringContaining("the job's folder was removed"),
  };

  test('is ended as failed, and the next one starts', async () => {
    const client = await start();
    await client.run('job', 'echo go; exec sleep 60');
    await client.run('next', 'echo next');
    await client.printed('job', 'go');
    const { command } = await processesOf(trainer?.dataDir ?? '', 'job');
    await remove('job');
    expect((await client.over('next')).lines).toEqual(['next']);
    expect(await client.status('job')).toMatchObject(expected);
    await expect.poll(() => isAlive(command)).toBe(false);
  });

  test('is failed, or cancelled, also while it is queued', async () => {
    const client = await start();
    for (const id of ['blocker', 'a', 'b']) await client.run(id, 'echo go; exec sleep 60');
    await client.run('next', 'echo next');
    await client.printed('blocker', 'go');
    await Promise.all([remove('a'), remove('b')]);
    expect(await client.post('/api/training/cancel/b')).toMatchObject({ status: 200 });
    await client.post('/api/training/cancel/blocker?force=true');
    expect((await client.over('next')).lines).toEqual(['next']);
    expect(await client.over('a')).toMatchObject({ lines: [], end: expected });
    expect(await client.status('b')).toMatchObject({ status: 'cancelled' });
  });
});

describe('what a job sees', () => {
  test('is its recipe, filled with its config, its model and its folders', async () => {
    const words =
      '{config} {model} {output} {job} {config.size} {config.deep} {config.a.b} {other} {}';
    const recipe = {
      command: [
        'sh',
        '-c',
        'for word; do echo "$word"; done; echo $OWN; pwd; cat $JOB_CONFIG',
        'sh',
      ].concat(words.split(' ')),
      cwd: 'jobs',
      env: { OWN: 'model={model}' },
      defaults: { size: 1, kept: true, deep: null },
    };
    const client = await start({ recipes: { mine: recipe } });
    const config = { recipe: 'mine', model_name: 'tiny', size: 7, deep: { x: [1] }, 'a.b': 'c d' };
    await client.post('/api/training/execute', { execution_id: 'job', config });
    const { lines } = await client.over('job');
    const folder = path.join(trainer?.dataDir ?? '', 'jobs/job');
    expect(lines.slice(0, -1)).toEqual([
      `${folder}/config.json`,
      'tiny',
      `${folder}/output`,
      'job',
      '7',
      '{"x":[1]}',
      'c d',
      '{other}',
      '{}',
      'model=tiny',
      path.dirname(folder),
    ]);
    expect(JSON.parse(lines.at(-1) ?? '')).toEqual({
      size: 7,
      kept: true,
      deep: { x: [1] },
      'a.b': 'c d',
    });
  });

  test("is an environment without the server's secrets", async () => {
    const secrets = [
      'TRAINER_API_KEY',
      'RUNPOD_API_KEY',
      'DATABASE_URL',
      'HF_TOKEN',
      'AWS_SECRET_ACCESS_KEY',
      'NODE_OPTIONS',
      'LD_PRELOAD',
    ];
    const client = await start({
      baseEnv: {
        ...Object.fromEntries(secrets.map((name) => [name, 'secret-of-the-server'])),
        PATH: process.env.PATH,
        HOME: '/home/someone',
        LC_ALL: 'C',
        CUDA_VISIBLE_DEVICES: '1',
      },
      recipes: { default: { ...shell, env: { HF_TOKEN: 'of-the-recipe' } } },
    });
    await client.run('job', 'env', { job_token: 'token-of-the-job' });
    const { lines } = await client.over('job');
    const env = Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2)));
    expect(lines.join('\n')).not.toContain('secret-of-the-server');
    expect(env).toMatchObject({
      PATH: process.env.PATH,
      HOME: '/home/someone',
      LC_ALL: 'C',
      CUDA_VISIBLE_DEVICES: '1',
      HF_TOKEN: 'of-the-recipe',
      JOB_ID: 'job',
      JOB_MODEL: 'tiny',
      JOB_TOKEN: 'token-of-the-job',
      JOB_CONFIG: expect.stringContaining('/jobs/job/config.json'),
      JOB_OUTPUT_DIR: expect.stringContaining('/jobs/job/output'),
      PYTHONUNBUFFERED: '1',
      TERM: 'dumb',
    });
  });

  test('is its token, which no answer tells and no file keeps once it is over', async () => {
    const client = await start();
    await client.run('job', 'test -n "$JOB_TOKEN" && echo has it', { job_token: 'hush-hush' });
    const { lines, end } = await client.over('job');
    expect(lines).toEqual(['has it']);
    const answers = await Promise.all(
      ['status/job', 'jobs', 'queue', 'metrics/job', 'logs/job'].map((route) =>
        client.get(`/api/training/${route}`),
      ),
    );
    expect(JSON.stringify([answers, end])).not.toContain('hush');
    const folder = path.join(trainer?.dataDir ?? '', 'jobs/job');
    expect(await readFile(path.join(folder, 'job.json'), 'utf8')).not.toContain('hush');
    await expect(readFile(path.join(folder, 'plan.json'))).rejects.toThrow('ENOENT');
  });

  test('is no terminal and no input, in a process group of its own', async () => {
    const client = await start();
    await client.run(
      'job',
      'test -t 0 || test -t 1 || echo no terminal; cat; ps -o pgid= -p $$; echo $$',
    );
    const { lines } = await client.over('job');
    expect(lines[0]).toBe('no terminal');
    expect(lines[1]?.trim()).toBe(lines[2]);
  });
});

describe('the queue', () => {
  test('starts jobs first in, first out, one at a time', async () => {
    const client = await start();
    const file = path.join(trainer?.dataDir ?? '', 'order');
    const ids = ['a', 'b', 'c', 'd'];
    for (const id of ids) {
      await client.run(id, `echo begin ${id} >> ${file}; sleep 0.05; echo end ${id} >> ${file}`);
    }
    for (const id of ids) await client.over(id);
    const lines = (await readFile(file, 'utf8')).trim().split('\n');
    expect(lines).toEqual(ids.flatMap((id) => [`begin ${id}`, `end ${id}`]));
  });

  test('runs as many at a time as it may', async () => {
    const client = await start({ concurrency: 2 });
    for (const id of ['a', 'b', 'c']) await client.run(id, 'echo go; sleep 60');
    await Promise.all([client.printed('a', 'go'), client.printed('b', 'go')]);
    expect(await client.status('c')).toMatchObject({ status: 'queued', queue_position: 1 });
    await client.post('/api/training/cancel/a?force=true');
    await client.printed('c', 'go');
    expect((await client.get('/api/training/queue')).body).toMatchObject({
      running_count: 2,
      queued_count: 0,
    });
  });

  test('lets a job jump it', async () => {
    const client = await start();
    for (const id of ['a', 'b', 'c']) await client.run(id, 'echo go; sleep 60');
    await client.printed('a', 'go');
    expect(await client.post('/api/training/c/force-start')).toEqual({
      status: 200,
      body: {
        success: true,
        job_id: 'c',
        previous_status: 'queued',
        new_status: 'running',
        queue_position: null,
      },
    });
    await client.printed('c', 'go');
    expect(await client.status('b')).toMatchObject({ status: 'queued', queue_position: 1 });
    expect((await client.post('/api/training/a/force-start')).status).toBe(409);
    await client.post('/api/training/cancel/c?force=true');
    await client.over('c');
    expect(await client.status('b')).toMatchObject({ status: 'queued' });
  });
});

describe('a job that is started by force once more', () => {
  const again = (id: string) => trainer?.client.post(`/api/training/${id}/force-start`);

  test('runs again where it had failed; its log goes on, and a restart changes nothing', async () => {
    const client = await start();
    const second = path.join(trainer?.dataDir ?? '', 'second');
    await client.run('job', `echo run; printf 'no end'; test -e ${second} && exec sleep 60`);
    expect((await client.over('job')).end).toMatchObject({ status: 'failed', total_lines: 2 });
    await writeFile(second, '');
    expect(await again('job')).toEqual({
      status: 200,
      body: {
        success: true,
        job_id: 'job',
        previous_status: 'failed',
        new_status: 'running',
        queue_position: null,
      },
    });
    expect(await client.status('job')).toMatchObject({ exit_code: null, completed_at: null });
    expect(await again('job')).toMatchObject({ status: 409, body: { previous_status: 'running' } });
    await expect.poll(async () => (await client.status('job')).started_at).not.toBe(null);
    await client.printed('job', 'started again');
    await processesOf(trainer?.dataDir ?? '', 'job');
    await client.post('/api/training/cancel/job');
    const lines = ['run', 'no end', '[trainyard] the job is started again', 'run', 'no end'];
    expect(await client.over('job')).toMatchObject({ lines, end: { status: 'cancelled' } });
    const restarted = await trainer?.restart();
    expect(await restarted?.over('job')).toMatchObject({ lines, end: { status: 'cancelled' } });
  });

  test('runs where it was cancelled before it began, beside others', async () => {
    const client = await start();
    await client.run('first', 'echo go; exec sleep 60');
    await client.run('job', 'echo ran');
    await client.post('/api/training/cancel/job');
    expect(await again('job')).toMatchObject({
      status: 200,
      body: { previous_status: 'cancelled', new_status: 'running' },
    });
    const { lines, end } = await client.over('job');
    expect(lines).toEqual(['[trainyard] the job is started again', 'ran']);
    expect(end).toMatchObject({ status: 'completed' });
    expect(await again('job')).toMatchObject({
      status: 409,
      body: { previous_status: 'completed' },
    });
  });

  test('runs once, however many ask', async () => {
    const client = await start();
    await client.run('job', 'echo ran; exit 1');
    await client.over('job');
    const answers = await Promise.all(Array.from({ length: 5 }, () => again('job')));
    expect(answers.map((answer) => answer?.status).sort()).toEqual([200, 409, 409, 409, 409]);
    const { lines } = await client.over('job');
    expect(lines).toEqual(['ran', '[trainyard] the job is started again', 'ran']);
  });
});

describe('a cancel', () => {
  test('takes a queued job out of the queue at once', async () => {
    const client = await start();
    await client.run('a', 'sleep 60');
    await client.run('b', 'echo never');
    const following = client.over('b');
    expect((await client.post('/api/training/cancel/b')).body).toMatchObject({
      success: true,
      job_id: 'b',
      previous_status: 'queued',
    });
    const { lines, end } = await following;
    expect(lines).toEqual([]);
    expect(end).toMatchObject({ status: 'cancelled', exit_code: null, total_lines: 0 });
    expect((await client.get('/api/training/queue')).body.queued_count).toBe(0);
  });

  test('lets a running job end itself, and is final whatever its exit code', async () => {
    const client = await start();
    await client.run(
      'job',
      'trap "echo saving; exit 0" TERM; echo go; while :; do sleep 0.02; done',
    );
    await client.printed('job', 'go');
    const answer = await client.post('/api/training/cancel/job');
    expect(answer).toMatchObject({
      status: 200,
      body: { success: true, previous_status: 'running' },
    });
    const { lines, end } = await client.over('job');
    expect(lines.at(-1)).toBe('saving');
    expect(end).toMatchObject({ status: 'cancelled', exit_code: 0 });
    expect(await client.status('job')).toMatchObject({
      status: 'cancelled',
      exit_code: 0,
      error_message: null,
    });
  });

  test('kills a job that does not end within the grace period, with all its processes', async () => {
    const client = await start({ graceMs: 200 });
    await client.run(
      'job',
      'trap "" TERM; (trap "" TERM; echo child; exec sleep 61.5) & wait; sleep 60',
    );
    await client.printed('job', 'child');
    await client.post('/api/training/cancel/job');
    expect((await client.over('job')).end).toMatchObject({
      status: 'cancelled',
      signal: 'SIGKILL',
    });
  });

  test('kills in time whatever the clock says', async () => {
    const client = await start({ graceMs: 300 });
    await client.run('job', 'trap "echo no" TERM; echo go; while :; do sleep 0.02; done');
    await client.printed('job', 'go');
    await client.post('/api/training/cancel/job');
    const now = Date.now;
    vi.spyOn(Date, 'now').mockImplementation(() => now() - 24 * 3_600_000);
    expect((await client.over('job')).end).toMatchObject({
      status: 'cancelled',
      signal: 'SIGKILL',
    });
  });

  test('kills at once by force, also a job that was asked politely before', async () => {
    const client = await start({ graceMs: 3_600_000 });
    await client.run('job', 'trap "echo no" TERM; echo go; while :; do sleep 0.02; done');
    await client.printed('job', 'go');
    await client.post('/api/training/cancel/job');
    await client.printed('job', 'no');
    expect((await client.post('/api/training/cancel/job?force=true')).status).toBe(200);
    expect((await client.over('job')).end).toMatchObject({
      status: 'cancelled',
      signal: 'SIGKILL',
    });
  });

  test('leaves its grace to what outlives the first process, which says how the job ended', async () => {
    const client = await start({ graceMs: 3_600_000 });
    const saved = path.join(trainer?.dataDir ?? '', 'saved');
    const save = `echo saving; until [ -e ${saved} ]; do sleep 0.01; done; echo saved; exit 0`;
    await client.run('job', `(trap "${save}" TERM; echo go; while :; do sleep 0.02; done) & wait`);
    await client.printed('job', 'go');
    const { command } = await processesOf(trainer?.dataDir ?? '', 'job');
    await client.post('/api/training/cancel/job');
    await client.printed('job', 'saving');
    await expect.poll(() => isAlive(command)).toBe(false);
    await writeFile(saved, '');
    const { lines, end } = await client.over('job');
    expect(lines.slice(-2)).toEqual(['saving', 'saved']);
    expect(end).toMatchObject({ status: 'cancelled', exit_code: null, signal: 'SIGTERM' });
  });

  const deaf = `sh -c 'trap "echo no" TERM; echo left $$; while :; do sleep 0.02; done'`;

  test('kills what a job that obeyed has left behind, once the grace period is over', async () => {
    const client = await start({ graceMs: 1000 });
    await client.run('job', `${deaf} & wait`);
    const pid = Number((await client.printed('job', 'left')).split(' ')[1]);
    await client.post('/api/training/cancel/job');
    const { lines, end } = await client.over('job');
    expect(lines).toContain('no');
    expect(end).toMatchObject({ status: 'cancelled', signal: 'SIGTERM' });
    await expect.poll(() => isRunning(pid)).toBe(false);
  });

  test('kills by force what a job that obeyed has left behind', async () => {
    const client = await start({ graceMs: 3_600_000 });
    await client.run('job', `${deaf} & wait`);
    const pid = Number((await client.printed('job', 'left')).split(' ')[1]);
    const { command } = await processesOf(trainer?.dataDir ?? '', 'job');
    await client.post('/api/training/cancel/job');
    await client.printed('job', 'no');
    await expect.poll(() => isAlive(command)).toBe(false);
    expect((await client.post('/api/training/cancel/job?force=true')).status).toBe(200);
    expect((await client.over('job')).end).toMatchObject({
      status: 'cancelled',
      signal: 'SIGTERM',
    });
    await expect.poll(() => isRunning(pid)).toBe(false);
  });

  test.runIf(process.platform === 'linux')(
    'kills by force also what is in a session of its own, and of this job alone',
    async () => {
      const client = await start({ concurrency: 2 });
      const detached = `setsid sh -c 'echo left $$; exec sleep 60'`;
      for (const id of ['job', 'other']) await client.run(id, `${detached} & wait; exec sleep 60`);
      const pidOf = async (id: string) => Number((await client.printed(id, 'left')).split(' ')[1]);
      const [pid, other] = [await pidOf('job'), await pidOf('other')];
      await client.post('/api/training/cancel/job?force=true');
      await client.over('job');
      await expect.poll(() => isRunning(pid)).toBe(false);
      expect(isRunning(other)).toBe(true);
    },
  );

  test('ends a paused job', async () => {
    const client = await start({ graceMs: 3_600_000 });
    await client.run('job', 'echo go; exec sleep 60');
    await client.printed('job', 'go');
    await client.post('/api/training/pause/job');
    const answer = await client.post('/api/training/cancel/job');
    expect(answer.body).toMatchObject({ success: true, previous_status: 'paused' });
    expect((await client.over('job')).end).toMatchObject({
      status: 'cancelled',
      signal: 'SIGTERM',
    });
  });

  test('that comes while the job is only just starting leaves no process', async () => {
    const client = await start({ concurrency: 8 });
    const ids = Array.from({ length: 6 }, (_, index) => `job${index}`);
    await Promise.all(
      ids.map(async (id) => {
        await client.run(id, 'echo $$; exec sleep 60');
        await client.post(`/api/training/cancel/${id}?force=true`);
      }),
    );
    for (const id of ids) {
      const { lines, end } = await client.over(id);
      expect(end.status).toBe('cancelled');
      if (lines[0] !== undefined) await expect.poll(() => isRunning(Number(lines[0]))).toBe(false);
    }
  });
});

describe('a pause', () => {
  test('stops the processes of a job until it is resumed', async () => {
    const client = await start();
    await client.run('job', 'echo $$; while :; do echo tick; sleep 0.02; done');
    const pid = Number(await client.printed('job', ''));
    await client.printed('job', 'tick');
    expect(await client.post('/api/training/resume/job')).toMatchObject({ status: 409 });
    expect(await client.post('/api/training/pause/job')).toMatchObject({
      status: 200,
      body: { success: true, previous_status: 'running' },
    });
    expect(await client.status('job')).toMatchObject({ status: 'paused' });
    // D: it was just starting a command (vfork), and waits for a child that is stopped.
    await expect.poll(() => processState(pid)).toMatch(/[TD]/);
    expect(await client.post('/api/training/pause/job')).toMatchObject({ status: 409 });
    expect(await client.post('/api/training/resume/job?checkpoint_path=/some/where')).toMatchObject(
      {
        status: 200,
        body: { success: true, previous_status: 'paused' },
      },
    );
    expect(await client.status('job')).toMatchObject({ status: 'running' });
    await expect.poll(() => processState(pid)).not.toBe('T');
  });
});

function isRunning(pid: number): boolean {
  return !['', 'Z', 'X'].includes(processState(pid));
}

function processState(pid: number): string {
  const { stdout } = spawnSync('ps', ['-o', 'state=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim().slice(0, 1);
}
