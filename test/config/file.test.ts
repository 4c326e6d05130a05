import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { readConfigFile } from '../../src/config/file.ts';
import { openFolder } from '../support/folder.ts';

async function refusal(content: string): Promise<string> {
  await using folder = await openFolder();
  const path = join(folder.path, 'yard.json');
  await writeFile(path, content);
  try {
    readConfigFile(path);
  } catch (error) {
    return String(error instanceof Error ? error.message : error).replace(path, 'FILE');
  }
  return 'accepted';
}

const wrong: [string, RegExp][] = [
  ['{"tokens": ["s3cret"]}', /^FILE: the file: .*"tokens"/],
  ['{"recipes": {"a": {"command": "run me"}}}', /^FILE: recipes\.a\.command: .*array/],
  ['{"recipes": {"a b": {"command": ["x"]}}}', /^FILE: recipes\.a b: /],
  ['{"providers": {"box": {"kind": "local"}}}', /^FILE: providers\.box\.url: /],
  ['{"providers": {"box": {"kind": "moon"}}}', /^FILE: providers\.box\.kind: /],
  [
    '{"allowedOrigins": ["http://localhost:5173/"]}',
    /^FILE: allowedOrigins\.0: .*http:\/\/localhost:5173/,
  ],
  ['{"allowedOrigins": ["*"]}', /^FILE: allowedOrigins\.0: .*origin/],
  ['{"allowedHosts": ["box:4000"]}', /^FILE: allowedHosts\.0: .*without a port/],
  [
    '{"providers": {"box": {"kind": "local", "url": "http://box:4100", "apiKey": "s3cret\\n"}}}',
    /^FILE: providers\.box\.apiKey: it must be printable ASCII without spaces$/,
  ],
  [
    '{"recipies": {}}',
    /^FILE: the file: "recipies" is not known here \(is it "recipes"\?\); known: .*recipes/,
  ],
  [
    '{"recipes": {"a": {"comand": ["x"]}}}',
    /^FILE: recipes\.a: "comand" is not known here \(is it "command"\?\); known: command, /,
  ],
  [
    '{"recipes": {"a": {"command": "python3 x"}}}',
    /^FILE: recipes\.a\.command: it must be an array of words, .*: \["python3","x"\]$/,
  ],
  [
    '{"recipes": {"a": {"command": ["x", "--config={confg}"]}}}',
    /^FILE: recipes\.a\.command\.1: \{confg\} is not a placeholder; is it \{config\}\?$/,
  ],
  [
    '{"recipes": {"a": {"command": ["x"], "env": {"OUT": "{ouptut}/a"}}}}',
    /^FILE: recipes\.a\.env\.OUT: \{ouptut\} is not a placeholder.*\{output\}/,
  ],
  ['{"recipes": {"a": {"command": ["x", "{Config.lr}"]}}}', /\{Config\.lr\} .* \{config\}\?$/],
  [
    '{"providers": {"box": {"kind": "local", "url": "box:4100"}}}',
    /^FILE: providers\.box\.url: it must be an http\(s\) URL, such as /,
  ],
  ['{"providers": {"box": {"url": "http://box"}}}', /"kind" is "local" or "runpod"$/],
  ['[]', /^FILE: the file: /],
];
test.each(wrong)('%s is told in one line with the file and the place', async (content, said) => {
  expect(await refusal(content)).toMatch(said);
  expect(await refusal(content)).not.toContain('\n');
});

test.each(['{"apiKey": s3cret}', '{"apiKey": "s3cret"', '{"a": "s3cret" s3cret}', 's3cret'])(
  'a file that is no JSON is not quoted: %s',
  async (content) => {
    const said = await refusal(content);
    expect(said).toMatch(/^FILE is not JSON: ./);
    expect(said).not.toContain('s3c');
    expect(said).not.toContain('\n');
  },
);

test('a file that was asked for must be there', () => {
  const read = () => readConfig({ TRAINYARD_CONFIG: '/nowhere/yard.json' });
  expect(read).toThrow('TRAINYARD_CONFIG is "/nowhere/yard.json": the file cannot be read.');
});

test.each(['local', 'runpod'])(
  'a key that no header can hold is refused by name, its value hidden: %s',
  async (kind) => {
    await using folder = await openFolder();
    const path = join(folder.path, 'yard.json');
    const box = { kind, url: 'http://box:4100', apiKeyEnv: 'BOX_KEY' };
    await writeFile(path, JSON.stringify({ providers: { box } }));
    expect(() => readConfig({ TRAINYARD_CONFIG: path, BOX_KEY: 's3cret\n' })).toThrow(
      /^BOX_KEY is \(hidden\): it must be printable ASCII without spaces\.$/,
    );
  },
);

test('a key that its variable does not hold is missed by name', async () => {
  await using folder = await openFolder();
  const path = join(folder.path, 'yard.json');
  const box = { kind: 'local', url: 'http://box:4100', apiKeyEnv: 'BOX_KEY' };
  await writeFile(path, JSON.stringify({ providers: { box } }));
  expect(() => readConfig({ TRAINYARD_CONFIG: path })).toThrow(
    'BOX_KEY is not set: providers.box.apiKeyEnv asks for it.',
  );
  const { providers } = readConfig({ TRAINYARD_CONFIG: path, BOX_KEY: 'k' });
  expect(providers).toMatchObject([{ name: 'box' }]);
});

test('two providers of one name are refused, whether the environment or the file came first', async () => {
  await using folder = await openFolder();
  const path = join(folder.path, 'yard.json');
  const local = { kind: 'local', url: 'http://127.0.0.1:18498' };
  await writeFile(path, JSON.stringify({ providers: { local } }));
  const read = () =>
    readConfig({ TRAINYARD_CONFIG: path, TRAINING_SERVER_URL: 'http://127.0.0.1:18499' });
  expect(read).toThrow(/^providers\.local is there twice: /);
  expect(readConfig({ TRAINYARD_CONFIG: path }).providers).toMatchObject([{ name: 'local' }]);
});

test('a schema of a config is kept exactly, or refused with the reason', async () => {
  const recipe = (schema: string) =>
    `{"recipes":{"a":{"command":["x"],"description":"d","configSchema":${schema}}}}`;
  const at = 'FILE: recipes.a.configSchema: ';
  expect(await refusal(recipe('[1]'))).toBe(`${at}it must be an object`);
  expect(await refusal(recipe('{"type": "array"}'))).toContain(`${at}its type must be "object"`);
  expect(
    await refusal(recipe('{"type": "object", "properties": {"a": {"type": "nope"}}}')),
  ).toMatch(/no JSON Schema that is understood here: .*nope/);
  expect(await refusal(recipe(`{"type": "object", "title": "${'x'.repeat(17_000)}"}`))).toContain(
    'over 16384 characters',
  );
  const schema = '{"type":"object","properties":{"lr":{"type":"number"}}}';
  await using folder = await openFolder();
  const path = join(folder.path, 'yard.json');
  await writeFile(path, recipe(schema));
  const { embeddedTrainer } = readConfig({ TRAINYARD_CONFIG: path });
  expect(JSON.stringify(embeddedTrainer?.recipes.a?.configSchema)).toBe(schema);
});

test("a recipe's defaults are kept exactly, or refused by their path", async () => {
  const recipe = (defaults: string) => `{"recipes":{"a":{"command":["x"],"defaults":${defaults}}}}`;
  expect(await refusal(recipe('{"seed": 9007199254740993}'))).toMatch(
    /^FILE: recipes\.a\.defaults: defaults\.seed is 9007199254740993, /,
  );
  expect(await refusal(recipe('[1]'))).toMatch(/^FILE: recipes\.a\.defaults: it must be an object/);
  await using folder = await openFolder();
  const path = join(folder.path, 'yard.json');
  await writeFile(path, recipe('{"__proto__": 1, "": 2}'));
  const { embeddedTrainer } = readConfig({ TRAINYARD_CONFIG: path });
  const { defaults = {} } = embeddedTrainer?.recipes.a ?? {};
  expect(Object.entries(defaults)).toEqual([
    ['__proto__', 1],
    ['', 2],
  ]);
});

const ofShells = '$'.concat('{job}');
test.each(['{print $1}', ofShells, "f'{jobs} of {n}'", '{}', '{"a":1}', '{n}', '{a,b}', '{model}'])(
  'braces of somebody else stay as they are: %s',
  async (word) => {
    const content = JSON.stringify({ recipes: { a: { command: ['x', word] } } });
    expect(await refusal(content)).toBe('accepted');
  },
);
