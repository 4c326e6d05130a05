import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { sendProblem } from './answer.ts';
import { createApi } from './api.ts';
import { type Call, CallRecord } from './calls.ts';
import { Changes } from './changes.ts';
import { createFaults, type Faults } from './faults.ts';
import { createMarket, type Market } from './market.ts';
import type { Pod } from './pod.ts';
import { Problem } from './problem.ts';
import { createRateLimit, type RateLimitOptions } from './rate-limit.ts';

export interface RunPodStandInOptions {
  /** The account's key. */
  apiKey: string;
  /** On 127.0.0.1; 0, the default, takes a free one. */
  port?: number;
  /** The folder in which the pods' folder is made, and removed at the end; the system's temporary one by default. */
  scratchDir?: string;
  /** How long a pod is PROVISIONING; 20 ms by default. */
  provisionMs?: number;
  /** How long a pod is STARTING; 20 ms by default. */
  startMs?: number;
  /** From the SIGTERM of a stop or restart to the SIGKILL; 2 s by default. */
  stopGraceMs?: number;
  /** How many lines a pod's log keeps, about; 100,000 by default. */
  maxLogLines?: number;
  /** 600 calls a minute by default; RunPod's example says 60. */
  rateLimit?: RateLimitOptions;
  /** What is sold out or forbidden at first, the balance, the network volumes. */
  market?: Partial<Market>;
  /** The ENTRYPOINT of all images; none by default. */
  imageEntrypoint?: readonly string[];
  /** How many pods a page of the list holds, at most and by default; 1000 by default. */
  pageSize?: number;
  /** The headers of a log stream come at once; by default with its first line. */
  earlyLogHeaders?: boolean;
  /** Every page of the list names another one. */
  pagesWithoutEnd?: boolean;
  /** Folders before all others in the containers' PATH. */
  pathDirs?: readonly string[];
}

export interface RunPodStandIn {
  /** The base of every call, without a slash at its end. */
  url: string;
  /** Every pod that was created, oldest first, terminated ones included. */
  pods(): readonly Pod[];
  /** The newest 1000 calls, oldest first. */
  requests: readonly Call[];
  faults: Faults;
  market: Market;
  /** Resolves as soon as `check` holds; looks after every call, change of a status and line. Rejects after 10 s. */
  until(check: () => boolean, timeoutMs?: number): Promise<void>;
  /** Stops listening, ends every container, removes every folder. Closing twice is fine. */
  close(): Promise<void>;
}

/** RunPod's REST API v2 for one account, on loopback and stricter than the real one; its pods' commands really run, on this machine. */
export async function openRunPodStandIn(options: RunPodStandInOptions): Promise<RunPodStandIn> {
  const parent = path.resolve(options.scratchDir ?? tmpdir());
  const scratch = await mkdtemp(path.join(parent, 'runpod-stand-in-'));
  const changes = new Changes();
  const faults = createFaults();
  const market = createMarket(options.market);
  const calls = new CallRecord(changes);
  const pods: Pod[] = [];
  const answer = createApi({
    apiKey: options.apiKey,
    pageSize: options.pageSize ?? 1000,
    earlyLogHeaders: options.earlyLogHeaders ?? false,
    pagesWithoutEnd: options.pagesWithoutEnd ?? false,
    rateLimit: createRateLimit(options.rateLimit ?? { perMinute: 600 }),
    settings: {
      provisionMs: options.provisionMs ?? 20,
      startMs: options.startMs ?? 20,
      stopGraceMs: options.stopGraceMs ?? 2000,
      maxLogLines: options.maxLogLines ?? 100_000,
      imageEntrypoint: options.imageEntrypoint ?? [],
      pathDirs: options.pathDirs ?? [],
      scratch,
    },
    pods,
    faults,
    market,
    calls,
    changes,
  });

  const server = createServer((request, response) => {
    answer(request, response).catch((error: Error) => {
      if (response.headersSent || response.destroyed) response.destroy();
      else sendProblem(response, new Problem(500, `the stand-in failed: ${error.stack}`), {});
    });
  });
  const close = async () => {
    if (server.listening) {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    }
    for (const pod of pods) pod.terminate();
    await Promise.all(pods.map((pod) => pod.settled()));
    await rm(scratch, { recursive: true, force: true });
  };
  try {
    server.listen(options.port ?? 0, '127.0.0.1');
    await once(server, 'listening');
  } catch (error) {
    await rm(scratch, { recursive: true });
    throw error;
  }
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    pods: () => pods,
    requests: calls.newest,
    faults,
    market,
    until: (check, timeoutMs = 10_000) => changes.until(check, timeoutMs),
    close,
  };
}
