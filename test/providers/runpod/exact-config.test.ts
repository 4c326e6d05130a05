import { expect, test } from 'vitest';
import type { JsonObject } from '../../../src/core/job.ts';
import { environmentOf } from '../../../src/providers/runpod/deploy/wrapper.ts';
import { jobOf } from '../follow.ts';

function environment(config: JsonObject, command = ['run', '{config}', '{config.value}']) {
  const recipe = { command, defaults: { value: 'none' } };
  const options = { recipe, files: null, graceSeconds: 1, apiUrl: 'http://127.0.0.1:9' };
  const env = environmentOf(jobOf('a', { config }), 'wrapper', options);
  const text = (name: string) => Buffer.from(env[name] ?? '', 'base64').toString();
  return { config: text('TRAINYARD_CONFIG'), command: text('TRAINYARD_COMMAND').split('\0') };
}

test('a pod is told the config with every key', () => {
  const json = '{"__proto__":{"a":1},"recipe":"mine","model_name":"mine","value":"$&"}';
  const told = environment(JSON.parse(json));
  expect(Object.entries(JSON.parse(told.config)).sort()).toEqual(
    Object.entries(JSON.parse(json)).sort(),
  );
  expect(told.command.slice(2)).toEqual(['$&', '']);
});

test.each(['a\0b', '\u0001config\u0001'])(
  'a value that would be another one in the command is refused: %j',
  (value) => {
    expect(() => environment({ value })).toThrow(/config\.value holds a control character/);
    expect(JSON.parse(environment({ value }, ['run', '{config}']).config)).toEqual({ value });
  },
);
