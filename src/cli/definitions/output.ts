import { Option } from 'commander';

/** `-o text|json`, the same on every command that has it. */
export function outputOption(): Option {
  return new Option('-o, --output <format>', 'json: one object a line')
    .choices(['text', 'json'])
    .default('text');
}
