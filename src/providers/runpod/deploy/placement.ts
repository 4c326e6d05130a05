import { codeOf, messageOf, TrainyardError } from '../../../core/errors.ts';
import { httpStatusOf, isForeign, wordsIn } from '../api/answer.ts';
import type { PodSettings } from './settings.ts';

/** A GPU type and a data center for a pod. Without a data center, RunPod chooses one. */
export interface Candidate {
  gpuType: string;
  dataCenterId: string | null;
}

/** All candidates, in the order in which they are tried: the GPU types in order, each in the data centers in order. */
export function candidatesOf({ gpuTypes, dataCenterIds }: PodSettings): Candidate[] {
  const centers = dataCenterIds.length === 0 ? [null] : dataCenterIds;
  return gpuTypes.flatMap((gpuType) => centers.map((dataCenterId) => ({ gpuType, dataCenterId })));
}

/**
 * Looks for a machine for one job. It tries the next candidate where RunPod has no room or the account has no access.
 * After any other error, the next `find` continues with the same candidate.
 */
export class Placement {
  readonly #task: string;
  readonly #left: Candidate[];
  readonly #refusals: string[] = [];

  constructor(task: string, candidates: readonly Candidate[]) {
    this.#task = task;
    this.#left = [...candidates];
  }

  /** What `create` resolves to. Throws `PROVIDER_REJECTED`, with all candidates, where every one was refused. */
  async find<T>(create: (candidate: Candidate) => Promise<T>): Promise<T> {
    for (let [candidate] = this.#left; candidate !== undefined; [candidate] = this.#left) {
      try {
        return await create(candidate);
      } catch (error) {
        const status = httpStatusOf(error);
        // What was not found is a part of the request, such as a network volume, which no candidate has.
        if (codeOf(error) === 'NOT_FOUND') {
          throw new TrainyardError('PROVIDER_REJECTED', messageOf(error), { cause: error });
        }
        if ((status !== 400 && status !== 403) || isForeign(error)) throw error;
        this.#refusals.push(`${nameOf(candidate)}: "${wordsIn(error) ?? status}" (${status})`);
        this.#left.shift();
      }
    }
    throw new TrainyardError(
      'PROVIDER_REJECTED',
      `RunPod could not ${this.#task} anywhere. Tried ${this.#refusals.join(', ')}. Try again later, or allow other GPU types, data centers or clouds.`,
    );
  }
}

function nameOf({ gpuType, dataCenterId }: Candidate): string {
  return dataCenterId === null ? gpuType : `${gpuType} in ${dataCenterId}`;
}
