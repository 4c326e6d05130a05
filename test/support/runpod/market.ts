import type { CreatePod } from './create.ts';
import { Problem } from './problem.ts';

/** What there is to rent, and what the account may spend. A test changes it as it likes, at any time. */
export interface Market {
  /** US dollars; at 0 nothing can be created (402). */
  balance: number;
  /** What has no capacity (400): a GPU type, a CPU flavor, a data center, or `type@dataCenter`. */
  soldOut: Set<string>;
  /** GPU types and data centers that the account may not use (403). */
  forbidden: Set<string>;
  /** The account's network volumes, and the data center of each. */
  networkVolumes: Map<string, string>;
}

export function createMarket(options: Partial<Market> = {}): Market {
  return {
    balance: options.balance ?? 100,
    soldOut: new Set(options.soldOut),
    forbidden: new Set(options.forbidden),
    networkVolumes: new Map(options.networkVolumes),
  };
}

export interface Machine {
  dataCenterId: string;
  /** US dollars an hour. */
  cost: number;
  cudaVersion: string | null;
  /** In GB; null on a GPU pod. */
  cpuMemory: number | null;
}

/** Finds a machine for a pod; throws the problem that RunPod would answer where there is none. */
export function findMachine(market: Market, pod: CreatePod): Machine {
  const id = pod.gpu?.id ?? pod.cpu?.id ?? '';
  const volume = networkVolume(market, pod);
  const wanted = pod.dataCenterIds?.length ? pod.dataCenterIds : [...dataCenters];
  for (const center of wanted) {
    if (!dataCenters.has(center)) throw new Problem(400, `unknown data center '${center}'`);
  }
  const cost = price(pod);
  if (volume !== null && !wanted.includes(volume)) {
    throw new Problem(
      400,
      `the network volume is in data center ${volume}, not in those asked for`,
    );
  }
  if (market.balance <= 0) throw new Problem(402, 'insufficient balance to create this pod');

  const open = (volume === null ? wanted : [volume]).filter((c) => !market.forbidden.has(c));
  if (market.forbidden.has(id) || open.length === 0) throw new Problem(403, 'access denied');
  const isFull = (center: string) =>
    [id, center, `${id}@${center}`].some((k) => market.soldOut.has(k));
  const dataCenterId = open.find((center) => !isFull(center));
  if (dataCenterId === undefined || !hasCuda(pod)) throw new Problem(400, noCapacity);
  return {
    dataCenterId,
    cost,
    cudaVersion: pod.gpu === undefined ? null : hostCudaVersion,
    cpuMemory: pod.cpu === undefined ? null : pod.cpu.vcpuCount * cpuGbPerCore,
  };
}

const noCapacity =
  'There are no longer any instances available with the requested specifications. Please refresh and try again.';

const dataCenters = new Set(['US-KS-2', 'US-TX-3', 'CA-MTL-1', 'EU-RO-1', 'EU-SE-1', 'AP-JP-1']);

/** US dollars an hour for one. */
const gpuTypes = new Map([
  ['NVIDIA RTX A4000', { SECURE: 0.25, COMMUNITY: 0.17 }],
  ['NVIDIA A40', { SECURE: 0.4, COMMUNITY: 0.35 }],
  ['NVIDIA GeForce RTX 3090', { SECURE: 0.43, COMMUNITY: 0.22 }],
  ['NVIDIA GeForce RTX 4090', { SECURE: 0.44, COMMUNITY: 0.34 }],
  ['NVIDIA GeForce RTX 5090', { SECURE: 0.89, COMMUNITY: 0.69 }],
  ['NVIDIA L40S', { SECURE: 0.86, COMMUNITY: 0.79 }],
  ['NVIDIA A100 80GB PCIe', { SECURE: 1.64, COMMUNITY: 1.19 }],
  ['NVIDIA A100-SXM4-80GB', { SECURE: 1.74, COMMUNITY: 1.39 }],
  ['NVIDIA H100 PCIe', { SECURE: 2.39, COMMUNITY: 1.99 }],
  ['NVIDIA H100 80GB HBM3', { SECURE: 2.99, COMMUNITY: 2.69 }],
]);
const maxGpus = { SECURE: 8, COMMUNITY: 4 };
const hostCudaVersion = '12.8';

const cpuFlavors = new Set(['cpu3c', 'cpu3g', 'cpu3m', 'cpu5c', 'cpu5g', 'cpu5m']);
const cpuCorePrice = 0.03;
const cpuGbPerCore = 2;
const maxCores = 32;

function networkVolume(market: Market, pod: CreatePod): string | null {
  const [mount] = pod.mounts?.network ?? [];
  if (mount === undefined) return null;
  const center = market.networkVolumes.get(mount.volumeId);
  if (center === undefined) throw new Problem(404, `network volume '${mount.volumeId}' not found`);
  return center;
}

function price({ gpu, cpu, cloud }: CreatePod): number {
  if (cpu !== undefined) {
    if (!cpuFlavors.has(cpu.id)) throw new Problem(400, `unknown CPU flavor '${cpu.id}'`);
    if (cpu.vcpuCount > maxCores) throw new Problem(400, `${cpu.id} has at most ${maxCores} vCPUs`);
    return cpu.vcpuCount * cpuCorePrice;
  }
  const prices = gpuTypes.get(gpu?.id ?? '');
  if (gpu === undefined || prices === undefined) {
    throw new Problem(400, `unknown GPU type '${gpu?.id}'`);
  }
  if (gpu.count > maxGpus[cloud]) {
    throw new Problem(400, `at most ${maxGpus[cloud]} of ${gpu.id} in one ${cloud} pod`);
  }
  return prices[cloud] * gpu.count;
}

function hasCuda({ gpu }: CreatePod): boolean {
  const allowed = gpu?.allowedCudaVersions ?? [];
  if (allowed.length > 0 && !allowed.includes(hostCudaVersion)) return false;
  const order = (version: string) => {
    const [major = 0, minor = 0] = version.split('.').map(Number);
    return major * 1000 + minor;
  };
  return order(gpu?.minCudaVersion ?? '0.0') <= order(hostCudaVersion);
}
