import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { Screen } from '../../src/cli/screen/screen.ts';
import { openTestApp, type TestApp } from '../support/app.ts';
import { runCli, startCli } from '../support/cli.ts';
import { deploy, graphql } from '../support/clients.ts';
import { openFolder } from '../support/folder.ts';

let app: TestApp;
beforeAll(async () => {
  app = await openTestApp();
});
afterAll(() => app[Symbol.asyncDispose]());

const run = (...args: string[]) => runCli(args, { url: app.url });

async function jobOf(id: string) {
  const { data } = await graphql(
    app.url,
    'query ($id: ID!) { job(id: $id) { name recipe modelName datasetPath config status provider { name } } }',
    { id },
  );
  return data.job;
}

describe('deploy', () => {
  test('starts a job from flags, at the only provider, and prints its id alone', async () => {
    const { code, stdout, stderr } = await run(
      ...['deploy', '--model', 'tiny', '--recipe', 'print', '--dataset', app.dataDir],
      ...['--config', 'lines=2', '--config', '{"a": {"b": [1]}}', '--config', 'text=a=b'],
    );
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^\w{16}\n$/) });
    const id = stdout.trim();
    expect(stderr).toContain(`trainyard logs ${id} -f`);
    expect(await jobOf(id)).toMatchObject({
      name: 'tiny (print)',
      modelName: 'tiny',
      recipe: 'print',
      datasetPath: app.dataDir,
      provider: { name: 'local' },
      config: { lines: 2, a: { b: [1] }, text: 'a=b' },
    });
  });

  test('starts a job from a YAML file, over which flags go', async () => {
    await using folder = await openFolder();
    const file = join(folder.path, 'job.yaml');
    const more = join(folder.path, 'more.json');
    await writeFile(
      file,
      'recipe: print\nmodelName: tiny\nname: mine\nconfig: { lines: 1, kept: true }\n',
    );
    await writeFile(more, '{"lines": 4}');
    const { stdout } = await run('deploy', file, '--name', 'yours', '--config', `@${more}`);
    expect(await jobOf(stdout.trim())).toMatchObject({
      name: 'yours',
      modelName: 'tiny',
      config: { lines: 4, kept: true },
    });
  });

  test('starts a job from stdin; the same idempotency key gives the same job', async () => {
    const input = '{"provider": "local", "recipe": "print", "modelName": "tiny"}';
    const twice = [1, 2].map(() =>
      runCli(['deploy', '-', '--idempotency-key', 'k'], { url: app.url, input }),
    );
    const [first, second] = await Promise.all(twice);
    expect(first).toMatchObject({ code: 0, stdout: second?.stdout });
  });

  test('with --follow, prints the log, and tells by its exit code how the job ended', async () => {
    const { code, stdout, stderr } = await run(
      ...['deploy', '--model', 'tiny', '--recipe', 'print', '--follow'],
      ...['--config', 'lines=2', '--config', 'exit=7'],
    );
    expect({ code, stdout }).toEqual({ code: 1, stdout: 'line 0\nline 1\n' });
    expect(stderr).toMatch(/^trainyard: job \w{16}, /);
    expect(stderr).toMatch(/FAILED.*: exit code 7; see: trainyard logs /m);
  });

  test.each([
    ['no model', [], 'Name the model to train'],
    ['a file that is not there', ['nowhere.yaml'], 'nowhere.yaml cannot be read'],
    ['a broken config', ['--model', 'x', '--config', '{"a":'], '--config is neither JSON nor YAML'],
    ['a nameless value', ['--model', 'x', '--config', 'a'], 'KEY=VALUE'],
    ['a variable that is not set', ['--model', 'x', '--env', 'NOT_SET'], '--env NOT_SET'],
    ['a count that is none', ['--model', 'x', '--gpu-count', 'many'], 'whole number from 1'],
  ])('refuses %s as wrong use', async (_what, args, message) => {
    const { code, stderr } = await run('deploy', ...args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  test('tells a misspelt field of a file by its name, with what was meant', async () => {
    await using folder = await openFolder();
    const file = join(folder.path, 'job.yaml');
    await writeFile(file, 'modelNam: tiny\n');
    const { code, stderr } = await run('deploy', file);
    expect({ code, stderr }).toMatchObject({ code: 2 });
    expect(stderr).toContain('"modelNam" is no field of a deploy (is it "modelName"?)');
    expect(stderr).toMatch(/idempotencyKey, runpod\.$/m);
  });

  test('guesses which recipe a misspelt one was meant to be', async () => {
    const { code, stderr } = await run('deploy', '--model', 'x', '--recipe', 'pritn');
    expect(code).toBe(5);
    expect(stderr).toContain('has no recipe "pritn". Is it "print"? It has: default, obedient');
  });

  test("passes RunPod's options on, which other providers refuse", async () => {
    const { code, stderr } = await run('deploy', '--model', 'x', '--gpu-type', 'A100', '--env=A=1');
    expect({ code, stderr }).toEqual({
      code: 5,
      stderr:
        'trainyard: BAD_USER_INPUT: input.runpod is for providers of the kind RUNPOD; local is LOCAL.\n',
    });
  });
});

describe('jobs, job and providers', () => {
  test('list what passes the filters, newest first, and say how many more there are', async () => {
    const ids = [];
    for (const name of ['needle-a', 'needle-b', 'needle-c']) {
      ids.unshift(await deploy(app.url, { recipe: 'obedient', name }));
    }
    const { stdout, stderr } = await run('jobs', '--search', 'needle', '-n', '2');
    const [head, ...rows] = stdout.trimEnd().split('\n');
    expect(head).toMatch(/^ID +NAME +PROVIDER +STATUS +DONE +AGE +PROGRESS$/);
    expect(rows).toEqual([
      expect.stringMatching(new RegExp(`^${ids[0]} +needle-c +local +[A-Z]+ +\\d+s$`)),
      expect.stringMatching(new RegExp(`^${ids[1]} +needle-b +local`)),
    ]);
    expect(stderr).toBe('trainyard: 2 of 3 jobs; --limit shows more\n');
    const json = await run('jobs', '--search', 'needle', '-o', 'json', '--provider', 'local');
    expect(
      json.stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).id),
    ).toEqual(ids);
    const none = await run('jobs', '--search', 'needle', '--status', 'completed,lost');
    expect(none).toEqual({ code: 0, stdout: '', stderr: 'trainyard: no job passes the filter\n' });
    for (const id of ids) (await app.obedient.job(id))({ exit: 0 });
  });

  test('show a job, and why it failed', async () => {
    const id = await deploy(app.url, { recipe: 'obedient', name: 'bad \u001b[2J name' });
    (await app.obedient.job(id))({ print: ['RuntimeError: boom'], exit: 3 });
    await run('logs', id, '-f');
    const { code, stdout } = await run('job', id);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Status +FAILED/m);
    expect(stdout).toMatch(/^Failure .*exit code 3/m);
    expect(stdout).toContain('bad \\x1b[2J name');
    const json = await run('job', id, '-o', 'json');
    expect(JSON.parse(json.stdout)).toMatchObject({ id, failure: { exitCode: 3 } });
  });

  test('list the providers', async () => {
    const { stdout } = await run('providers');
    expect(stdout).toMatch(/^local +LOCAL +UP .*default obedient print$/m);
  });
});

describe('cancel, delete and open', () => {
  test('a cancelled job ends CANCELLED, and can then be deleted', async () => {
    const id = await deploy(app.url, { recipe: 'obedient' });
    await using following = startCli(['logs', id, '-f'], { url: app.url });
    (await app.obedient.job(id))({ print: ['hello'] });
    await following.shows(/hello/);
    const tooEarly = await run('delete', id);
    expect(tooEarly).toMatchObject({ code: 5, stderr: expect.stringContaining('CONFLICT: ') });
    const cancelled = await run('cancel', id, '--force');
    expect(cancelled).toMatchObject({ code: 0, stdout: expect.stringMatching(`^${id} `) });
    expect((await following.ended()).code).toBe(3);
    expect(await run('delete', id)).toMatchObject({ code: 0, stdout: `${id} deleted\n` });
    expect(await jobOf(id)).toBeNull();
  });

  test('a job without a console page says so, and where its log is', async () => {
    const id = await deploy(app.url, { recipe: 'print' });
    const { code, stderr } = await run('open', id);
    expect(code).toBe(5);
    expect(stderr).toContain(`trainyard logs ${id}`);
  });
});

describe('what goes wrong', () => {
  test.each([
    ['logs', 'nope'],
    ['logs', 'nope', '-f'],
    ['job', 'nope'],
    ['cancel', 'nope'],
  ])('a job that is not there: %s', async (...args) => {
    const { code, stdout, stderr } = await run(...args);
    expect({ code, stdout }).toEqual({ code: 5, stdout: '' });
    expect(stderr).toMatch(/^trainyard: NOT_FOUND: There is no job "nope"\..*\n$/);
  });

  test('a server that is not there: one line, with what to do', async () => {
    const { code, stderr } = await runCli(['jobs', '--url', 'http://127.0.0.1:9/']);
    expect(code).toBe(69);
    expect(stderr).toMatch(
      /^trainyard: http:\/\/127.0.0.1:9 cannot be reached .*Start a server with `trainyard serve`.*\n$/,
    );
  });

  test('something else than a server', async () => {
    const { code, stderr } = await run('jobs', '--url', `${app.url}/nowhere/graphql`);
    expect(code).toBe(5);
    expect(stderr).toMatch(/^trainyard: .*\n$/);
  });

  test.each([
    ['a URL that is none', ['jobs', '--url', 'localhost:4000'], '--url is "localhost:4000"'],
    ['an unknown command', ['job-list'], "unknown command 'job-list'"],
    ['a missing id', ['logs'], "missing required argument 'id'"],
    ['a level that is none', ['logs', 'x', '--level', 'loud'], 'debug, info, warning, error'],
    ['an offset that is none', ['logs', 'x', '--offset', '1.5'], 'whole number'],
    ['two beginnings', ['logs', 'x', '-f', '-n', '1', '--offset', '1'], '--lines or --offset'],
  ])('%s is wrong use', async (_what, args, message) => {
    const { code, stdout, stderr } = await run(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });
});

test('shows its token, from the environment or an option, on HTTP and WebSocket', async () => {
  await using guarded = await openTestApp({ tokens: ['secret'] });
  const url = guarded.url;
  const none = await runCli(['jobs'], { url });
  expect(none).toMatchObject({ code: 5, stderr: expect.stringContaining('UNAUTHENTICATED: ') });
  expect(none.stderr).toContain('TRAINYARD_TOKEN');
  const followed = await runCli(
    ['deploy', '--model', 'x', '--recipe', 'print', '--config', 'lines=1', '-f'],
    { url, env: { TRAINYARD_TOKEN: 'secret' } },
  );
  expect(followed).toMatchObject({ code: 0, stdout: 'line 0\n' });
  expect(await runCli(['jobs', '--token', 'secret'], { url })).toMatchObject({ code: 0 });
});

test('every command explains itself, with examples', () => {
  const screen = new Screen({ stdout: process.stdout, stderr: process.stderr, dumb: true });
  const { command } = createProgram({ screen, environment: {} });
  const shown = command.commands.filter((each) => !each.name().startsWith('_'));
  expect(shown.length).toBeGreaterThan(10);
  for (const each of shown) {
    let help = '';
    each.configureOutput({ writeOut: (text) => (help += text) });
    each.outputHelp();
    expect(help).toMatch(/\nExamples?\b.*:\n {2}/);
  }
});
