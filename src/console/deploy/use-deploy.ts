import {
  DeployJobDocument,
  type DeployJobInput,
  type GraphError,
  RerunJobDocument,
  type RerunJobInput,
} from '@trainyard/client';
import { useRef, useState } from 'react';
import { useLocation } from 'wouter';
import { jobPath } from '../address.ts';
import { asProblem } from '../graph/problem.ts';
import { useGraph } from '../graph/use.ts';

/**
 * Deploys a job, or runs one again, and goes to its page. However often it is called for the same input, one job comes
 * of it, also where an answer is lost.
 */
export function useDeploy() {
  const graph = useGraph();
  const [, go] = useLocation();
  const [isUnderWay, setUnderWay] = useState(false);
  const [error, setError] = useState<GraphError | null>(null);
  const last = useRef({ asked: '', idempotencyKey: '' });
  const isAsking = useRef(false);
  const deploy = (input: DeployJobInput) =>
    start(input, async (idempotencyKey) => {
      const answer = await graph.mutate(DeployJobDocument, { input: { ...input, idempotencyKey } });
      return answer.deployJob.job.id;
    });
  const rerun = (input: RerunJobInput) =>
    start(input, async (idempotencyKey) => {
      const answer = await graph.mutate(RerunJobDocument, { input: { ...input, idempotencyKey } });
      return answer.rerunJob.job.id;
    });
  const start = async (input: object, ask: (idempotencyKey: string) => Promise<string>) => {
    // A state would be known only after the next rendering, and a second click may come before it.
    if (isAsking.current) return;
    isAsking.current = true;
    const asked = JSON.stringify(input);
    if (last.current.asked !== asked) last.current = { asked, idempotencyKey: newKey() };
    setUnderWay(true);
    setError(null);
    try {
      go(jobPath(await ask(last.current.idempotencyKey)));
    } catch (thrown) {
      const problem = asProblem(thrown);
      // What the server refused is tried anew; what it may have begun is not.
      if (problem.code !== 'DISCONNECTED') last.current.asked = '';
      setError(problem);
    } finally {
      isAsking.current = false;
      setUnderWay(false);
    }
  };
  return { deploy, rerun, isUnderWay, error };
}

/** `crypto.randomUUID` is missing without HTTPS. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}
