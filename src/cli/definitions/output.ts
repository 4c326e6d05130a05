import { Option } from 'commander';

/** The option `-o text|json`, which several commands have. */
export function outputOption(): Option {
  return new Option('-o, --output <format>', 'json: one object a line')
    .choices(['text', 'json'])
    .default('text');
}
