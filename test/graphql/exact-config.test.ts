import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTestApp, type TestApp } from '../support/app.ts';
import { runCli } from '../support/cli.ts';
import { type GraphResult, graphql } from '../support/clients.ts';
import { send } from '../support/http.ts';
import { openRawSocket } from '../support/raw-graph-socket.ts';

let app: TestApp;
beforeAll(async () => {
  // It prints its config file as it is, and what its command was told.
  const program =
    'console.log(require("fs").readFileSync(process.env.JOB_CONFIG, "utf8")); console.log(process.argv[1])';
  const command = [process.execPath, '-e', program];
  const recipes = {
    show: { command },
    value: { command: [...command, '--', '{config.value}'], defaults: { value: 'none' } },
  };
  app = await openTestApp({ embeddedTrainer: { recipes } });
});
afterAll(() => app[Symbol.asyncDispose]());

const mutation =
  'mutation ($input: DeployJobInput!) { deployJob(input: $input) { job { id config } } }';

/** The operation as JSON, with the config's own text in it. */
function operation(config: string, recipe = 'show'): string {
  const input = `{"provider": "local", "modelName": "m", "recipe": "${recipe}", "config": ${config}}`;
  return `{"query": ${JSON.stringify(mutation)}, "variables": {"input": ${input}}}`;
}

type Ask = (config: string) => Promise<GraphResult>;

const byVariable: Record<string, Ask> = {
  'HTTP as JSON': async (config) => (await post(config, 'application/json')).json,
  'server-sent events': async (config) => {
    const { text } = await post(config, 'text/event-stream');
    return JSON.parse(/^data: ([^\n]*)$/m.exec(text)?.[1] ?? text);
  },
  'graphql-ws': async (config) => {
    using socket = await openRawSocket(app.url);
    socket.say(`{"type": "subscribe", "id": "1", "payload": ${operation(config)}}`);
    const { type, payload } = await socket.hear(({ id }) => id === '1');
    return type === 'error' ? { errors: payload } : payload;
  },
};

function post(config: string, accept: string) {
  const headers = { 'content-type': 'application/json', accept };
  return send(app.url, { method: 'POST', path: '/graphql', headers, body: operation(config) });
}

const byLiteral: Ask = (config) =>
  graphql(
    app.url,
    `mutation { deployJob(input: {provider: "local", modelName: "m", recipe: "show", config: ${literal(config)}}) { job { id config } } }`,
  );

/** JSON without quotes around its keys is a literal of GraphQL. */
const literal = (config: string) => config.replace(/"(\w+)":/g, '$1:');

const ways = Object.entries({ ...byVariable, 'a literal': byLiteral });

async function printed(id: string): Promise<string[]> {
  const query = `{ logs(jobId: "${id}") { lines complete } }`;
  const read = async () => (await graphql(app.url, query)).data.logs;
  await expect.poll(async () => (await read()).complete).toBe(true);
  return (await read()).lines;
}

const kept = [
  '{"__proto__":{"a":1},"constructor":2,"toString":[3]}',
  '{"max":9007199254740991,"small":1e-7,"big":1e+22,"half":0.5,"none":null,"list":[[],{}]}',
  '{"text":"\\u2028 \\u0001 \\" \\\\ 🚂","empty":""}',
];
const changed: [string, string][] = [
  ['{"seed":9007199254740993}', 'config.seed is 9007199254740993'],
  ['{"a":{"b":[0,-12345678901234567890]}}', 'config.a.b[1] is -12345678901234567890'],
  ['{"lr":1e999}', 'config.lr is 1e999'],
  ['{"lr":-1e999}', 'config.lr is -1e999'],
  ['{"eps":1e-999}', 'config.eps is 1e-999'],
  ['{"zero":-0.0}', 'config.zero is -0.0'],
  ['{"recipe":"mine"}', 'config.recipe: '],
  ['{"model_name":"mine"}', 'config.model_name: '],
];

describe.each(ways)('a config by %s', (_way, ask) => {
  test.each(kept)('reaches the job as it is: %s', async (config) => {
    const { data, errors } = await ask(config);
    expect(errors).toBeUndefined();
    const { job } = data.deployJob;
    const [file] = await printed(job.id);
    expect(sorted(file ?? '')).toBe(sorted(config));
    expect(JSON.stringify(job.config)).toBe(JSON.stringify(JSON.parse(config)));
  });

  test.each(changed)('is refused where it would change: %s', async (config, said) => {
    const { errors } = await ask(config);
    expect(errors?.[0]).toMatchObject({ extensions: { code: 'BAD_USER_INPUT' } });
    expect(errors?.[0]?.message).toContain(said);
    expect(errors?.[0]?.message.split(said)[1]).toMatch(/Say it as|send it as a text/);
  });
});

test.each(Object.entries(byVariable))(
  'half of a surrogate pair is refused by %s',
  async (_, ask) => {
    const { errors } = await ask('{"a":{"name":"\\ud83d"}}');
    expect(errors?.[0]).toMatchObject({ extensions: { code: 'BAD_USER_INPUT' } });
    expect(errors?.[0]?.message).toContain('config.a.name holds half of a surrogate pair');
  },
);

test('a literal that comes again and again is compiled, and keeps every key', async () => {
  for (let time = 0; time < 8; time += 1) {
    const { data } = await byLiteral('{"__proto__":{"again":true},"constructor":1}');
    expect(Object.keys(data.deployJob.job.config)).toEqual(['__proto__', 'constructor']);
  }
});

test('keys that differ in what is no text do not collide', async () => {
  const deployed = (key: string) =>
    graphql(app.url, mutation, {
      input: { provider: 'local', modelName: 'm', recipe: 'show', idempotencyKey: key },
    });
  for (const key of ['a\ud800', 'a\udc00', 'a\0']) {
    const { errors } = await deployed(key);
    expect(errors?.[0]).toMatchObject({ extensions: { code: 'BAD_USER_INPUT' } });
    expect(errors?.[0]?.message).toMatch(/^input\.idempotencyKey holds /);
  }
});

test('a value in the command is the value, or the job says why not', async () => {
  const run = async (value: string) => {
    const input = { provider: 'local', modelName: 'm', recipe: 'value', config: { value } };
    const { data, errors } = await graphql(app.url, mutation, { input });
    if (errors) return errors[0]?.message;
    const { id } = data.deployJob.job;
    const [, told] = await printed(id);
    const query = `{ job(id: "${id}") { failure { message } } }`;
    return told ?? (await graphql(app.url, query)).data.job.failure.message;
  };
  expect(await run('{model} $& $1 \u2028🚂')).toBe('{model} $& $1 \u2028🚂');
  expect(await run('a\0b')).toMatch(/config\.value holds a control character/);
});

test('the command line refuses what it could not send', async () => {
  const deploy = (...args: string[]) =>
    runCli(['deploy', '--model', 'm', '--recipe', 'show', ...args], { url: app.url });
  for (const config of ['seed=9007199254740993', '{"seed": 9007199254740993}']) {
    const { code, stderr } = await deploy('--config', config);
    expect({ code, stderr }).toMatchObject({ code: 2 });
    expect(stderr).toContain('config.seed is 9007199254740993');
  }
  expect((await deploy('--config', '{lr: .inf}')).stderr).toContain('config.lr is Infinity');
  const { code, stdout } = await deploy('--config', '__proto__=1', '--config', '{"__proto__": 2}');
  expect(code).toBe(0);
  expect((await printed(stdout.trim()))[0]).toBe('{"__proto__":2}');
});

function sorted(json: string): string {
  return JSON.stringify(JSON.parse(json));
}
