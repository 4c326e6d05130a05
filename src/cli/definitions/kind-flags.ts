import { Option } from 'commander';
import type { DeployOption } from '../../core/deploy-options.ts';
import { kindWord } from '../../core/provider-kind.ts';
import { providerDefinitions } from '../../providers/registry.ts';
import { collect, listOf, oneOf, positiveNumber, wholeNumber } from './arguments.ts';

/** One flag of `deploy` that only one kind of provider understands. */
export interface KindFlag {
  /** Its heading in the help. */
  title: string;
  option: Option;
  /** The kind's word, which names its field of `DeployJobInput`. */
  word: string;
  /** The field within that one. */
  field: string;
  /** True for a flag that takes NAME=VALUE, or NAME for a variable's value here. */
  isEnvironment: boolean;
}

/**
 * The flags of every kind, in the registry's order. A flag whose name is already taken begins with its kind's word:
 * `--gpu-count`, then `--moon-gpu-count`.
 */
export function kindFlags(taken: readonly string[]): KindFlag[] {
  const names = new Set(taken);
  return providerDefinitions.flatMap((definition) => {
    const { title, deployOptions } = definition;
    const word = kindWord(definition);
    return Object.entries(deployOptions?.fields ?? {}).flatMap(([field, described]) => {
      if (!described.flag) return [];
      const plain = `--${kebab(field)}`;
      const name = names.has(plain) ? `--${word}-${kebab(field)}` : plain;
      names.add(name);
      const isEnvironment = described.type === 'EnvVar';
      return [{ title, option: optionOf(name, described), word, field, isEnvironment }];
    });
  });
}

function optionOf(name: string, { type, list, flag }: DeployOption): Option {
  const { value, help, least = 1 } = flag ?? { help: '' };
  const option = new Option(value === undefined ? name : `${name} <${value}>`, help);
  if (typeof type === 'object') {
    const words = Object.keys(type.values);
    option.choices(words.map((each) => each.toLowerCase()));
    const parse = oneOf(words);
    return list ? option.argParser(listOf(parse)) : option.argParser(parse);
  }
  if (type === 'Boolean') return option;
  if (type === 'EnvVar') return option.argParser(collect);
  const parse: (value: string) => string | number =
    type === 'Int' ? wholeNumber(least) : type === 'Float' ? positiveNumber : String;
  return list ? option.argParser(listOf(parse)) : option.argParser(parse);
}

function kebab(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
