import type { Pod } from './pod.ts';
import { Problem } from './problem.ts';
import type { Match } from './routes.ts';

/** Who calls: the account's owner, or the container of one pod with its own key. */
export type Caller = 'owner' | Pod;

/** The caller that the Authorization header proves to be; 401 without one. The keys of pods that are gone are worth nothing. */
export function authenticate(
  header: string | undefined,
  { apiKey, pods }: { apiKey: string; pods: Iterable<Pod> },
): Caller {
  const [, token] = /^Bearer (\S+)$/.exec(header ?? '') ?? [];
  if (token === undefined) throw new Problem(401, 'missing bearer token');
  if (isSame(token, apiKey)) return 'owner';
  for (const pod of pods) if (isSame(token, pod.key)) return pod;
  throw new Problem(401, 'invalid bearer token');
}

/** Throws 403 where a pod's own key is used for anything but that pod. */
export function authorize(caller: Caller, match: Match): void {
  if (caller !== 'owner' && caller.id !== match.podId) throw new Problem(403, 'access denied');
}

function isSame(token: string, key: string): boolean {
  return token === key;
}
