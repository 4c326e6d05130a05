import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { deploy, graphql, graphSocket, subscribe } from '../support/clients.ts';
import { openFolder } from '../support/folder.ts';
import { send } from '../support/http.ts';
import { startServer } from '../support/server-process.ts';

const printEnvironment =
  'console.log(JSON.stringify(process.env)); console.error("Error: oops"); process.exit(3)';

test('no secret of a server is in its log, its answers, its files or its jobs', async () => {
  await using folder = await openFolder();
  const secrets = {
    token: 'secret-token-0f6b',
    boxKey: 'secret-box-key-91c2',
    trainerKey: 'secret-trainer-key-77aa',
    inlineKey: 'secret-inline-key-5d1e',
    runpodKey: 'secret-runpod-key-c3f8',
    unrelated: 'secret-of-the-shell-2b2b',
  };
  const path = join(folder.path, 'trainyard.config.json');
  // Nobody listens on these: port 9 is for discarding.
  const nowhere = 'http://127.0.0.1:9';
  const providers = {
    box: { kind: 'local', url: nowhere, apiKeyEnv: 'BOX_KEY' },
    shed: { kind: 'local', url: nowhere, apiKey: secrets.inlineKey, recipes: ['default'] },
  };
  const recipes = { default: { command: [process.execPath, '-e', printEnvironment] } };
  await writeFile(path, JSON.stringify({ providers, recipes }));
  const env = {
    TRAINYARD_CONFIG: path,
    TRAINYARD_DATA_DIR: join(folder.path, 'data'),
    TRAINER_DATA_DIR: join(folder.path, 'trainer'),
    TRAINYARD_TOKENS: secrets.token,
    TRAINER_API_KEY: secrets.trainerKey,
    TRAINING_SERVER_API_KEY: secrets.trainerKey,
    RUNPOD_API_KEY: secrets.runpodKey,
    RUNPOD_API_URL: nowhere,
    BOX_KEY: secrets.boxKey,
    AWS_SECRET_ACCESS_KEY: secrets.unrelated,
    LOG_LEVEL: 'trace',
  };
  await using trainer = await startServer({ command: 'trainer', env });
  await using server = await startServer({ env: { ...env, TRAINING_SERVER_URL: trainer.url } });
  const answers: unknown[] = [];
  const headers = { authorization: `Bearer ${secrets.token}` };
  const ask = async (query: string, shown: Record<string, string> = headers) => {
    const answer = await graphql(server.url, query, {}, shown);
    answers.push(answer);
    return answer;
  };

  const job = await deploy(server.url, { recipe: 'default' }, headers);
  using client = graphSocket(server.url, { headers });
  const query = `subscription { logStream(jobId: "${job}") { lines complete } }`;
  for await (const result of subscribe(client, query)) answers.push(result);
  await ask(`{ job(id: "${job}") { status failure { message excerpt } logs { lines } } }`);
  await ask('{ providers { name health { status message } recipes } }');
  await ask('{ jobs { totalCount } }', { authorization: `Bearer wrong-${secrets.token}` });
  await ask(
    'mutation { deployJob(input: { provider: "shed", modelName: "m" }) { job { id stale } } }',
  );
  answers.push(await send(server.url, { path: '/health/ready', headers }));
  answers.push(await send(server.url, { path: `/jobs/${job}/log`, headers }));
  expect(await server.end('SIGTERM')).toMatchObject({ code: 0 });
  expect(await trainer.end('SIGTERM')).toMatchObject({ code: 0 });

  const database = await readFile(join(env.TRAINYARD_DATA_DIR, 'trainyard.db'), 'latin1');
  const written = {
    server: server.output(),
    trainer: trainer.output(),
    answers: JSON.stringify(answers),
    database,
  };
  expect(written.answers).toContain('"PATH');
  for (const [where, text] of Object.entries(written)) {
    for (const secret of Object.values(secrets)) {
      expect(`${where} holds ${text.includes(secret) ? secret : 'no secret'}`).toBe(
        `${where} holds no secret`,
      );
    }
  }
  const entries = server
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
  for (const msg of ['deployed', 'the job is over and its log complete']) {
    expect(entries).toContainEqual(expect.objectContaining({ msg, job, provider: 'local' }));
  }
}, 60_000);
