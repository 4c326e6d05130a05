import { withoutPrefix } from '../prefix.ts';
import { evidence, type FailureReader } from './evidence.ts';

/** Hydra's word on an error ends at most so far below the error. */
const reach = 40;

/** An error that Hydra tells without a traceback: its last line says how to get one. */
export const hydraError: FailureReader = (lines, at) => {
  if (!last.test(withoutPrefix(lines.at(at)))) return null;
  for (let start = at - 1; start >= Math.max(0, at - reach); start--) {
    const text = withoutPrefix(lines.at(start));
    if (text.includes('Traceback (most recent call last)')) return null;
    if (!first.test(text)) continue;
    const next = withoutPrefix(lines.at(start + 1)).trim();
    const goesOn = text.startsWith('Error ') && next !== '';
    return evidence(start, goesOn ? `${text} ${next}` : text, { message: start, end: at });
  }
  return null;
};

const first =
  /^(?:Error in call to target |Error (?:locating|instantiating|merging override|parsing override) |Could not (?:override|append|delete) |In '[^']*': (?:Could not|Overriding|Validation|Package)|Cannot find primary config|Primary config |Missing mandatory value|You must specify |Could not load |Multiple values for |Ambiguous value )/;
const last = /^Set the environment variable HYDRA_FULL_ERROR=1/;
