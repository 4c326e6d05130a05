import { levelOf } from '../level.ts';
import { withoutPrefix } from '../prefix.ts';
import { evidence, type FailureReader } from './evidence.ts';

/** Any other line of level ERROR. */
export const errorLine: FailureReader = (lines, at) => {
  const text = lines.at(at);
  if (levelOf(text) !== 'ERROR') return null;
  const before = withoutPrefix(lines.at(at - 1));
  const ignored = harmless.test(text) || before.startsWith('Exception ignored ');
  return evidence(at, withoutPrefix(text).trim(), { kind: ignored ? 'ignored' : 'error' });
};

/** Errors that every start of TensorFlow or JAX beside PyTorch tells, and that end nothing. */
const harmless = /Unable to register cu\w+ (?:factory|plugin)|failed call to cuInit|NUMA node/;
