import type { Pod } from './pod.ts';

/** A pod as RunPod's API shows it. */
export function podView(pod: Pod) {
  const { asked, machine } = pod;
  const { gpu, cpu } = asked;
  const isBilled = pod.status !== 'EXITED' && pod.status !== 'TERMINATED';
  return {
    id: pod.id,
    name: asked.name,
    image: asked.image,
    args: asked.args,
    disk: asked.disk,
    ports: asked.ports,
    env: asked.env,
    registry: asked.registry,
    status: pod.status,
    actions: pod.actions,
    mounts: asked.mounts ?? {},
    ...(gpu === undefined ? {} : { gpu: { id: gpu.id, count: gpu.count } }),
    ...(cpu === undefined ? {} : { cpu: { ...cpu, memory: machine.cpuMemory } }),
    cloud: asked.cloud,
    dataCenterId: machine.dataCenterId,
    cudaVersion: machine.cudaVersion,
    ssh: { proxy: proxy(pod), direct: direct(pod) },
    template: null,
    cost: isBilled ? machine.cost : 0,
    locked: pod.locked,
    globalNetworking: globalNetworking(pod),
    runtime: runtime(pod),
    createdAt: seconds(pod.createdAt),
    startedAt: pod.startedAt === null ? null : seconds(pod.startedAt),
  };
}

/** An address that leads nowhere (RFC 5737). */
const publicIp = '203.0.113.7';
const firstPublicPort = 34_446;

function proxy(pod: Pod) {
  if (pod.status === 'PROVISIONING') return null;
  const username = `${pod.id}-64411eb2`;
  const host = 'ssh.runpod.io';
  return { host, port: 22, username, command: `ssh ${username}@${host}` };
}

function direct(pod: Pod) {
  const port = runtime(pod)?.ports.find((mapping) => mapping.private === 22)?.public;
  if (port === undefined || port === null) return null;
  return {
    host: publicIp,
    port,
    username: 'root',
    command: `ssh root@${publicIp} -p ${port}`,
  };
}

function globalNetworking({ asked, id }: Pod) {
  if (!asked.globalNetworking) return { enabled: false };
  return { enabled: true, ip: '10.65.1.42', internalDns: `${id}.runpod.internal` };
}

function runtime({ status, startedAt, asked }: Pod) {
  if (status !== 'RUNNING' || startedAt === null) return null;
  return {
    uptime: Math.floor((Date.now() - startedAt.getTime()) / 1000),
    gpus: Array.from({ length: asked.gpu?.count ?? 0 }, () => ({ util: 94, memoryUtil: 78 })),
    cpu: { util: 45 },
    memory: { util: 30 },
    ports: asked.ports.map((port, index) => {
      const [number, type] = port.split('/');
      const isPublic = type === 'tcp';
      return {
        private: Number(number),
        public: isPublic ? firstPublicPort + index : null,
        type,
        ip: isPublic ? publicIp : null,
      };
    }),
  };
}

/** As RunPod writes a pod's times: to the second. */
function seconds(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}
