import { z } from 'zod';
import { Problem } from './problem.ts';
import { invalid, parseBody } from './request.ts';

const cudaVersion = z.string().regex(/^\d+\.\d+$/);

/** CreatePodRequest of RunPod's published description; its own words of refusal are zod's. */
const createPod = z.strictObject({
  name: z.string().min(1),
  image: z.string().min(1).optional(),
  args: z.string().default(''),
  entrypoint: z.array(z.string()).min(1).optional(),
  cmd: z.array(z.string()).optional(),
  disk: z.int().min(1).default(20),
  env: z.record(z.string(), z.string()).default({}),
  ports: z.array(z.string()).default([]),
  registry: z.string().nullable().default(null),
  gpu: z
    .strictObject({
      id: z.string(),
      count: z.int().min(1).default(1),
      allowedCudaVersions: z.array(cudaVersion).optional(),
      minCudaVersion: cudaVersion.optional(),
    })
    .optional(),
  cpu: z.strictObject({ id: z.string().min(1), vcpuCount: z.int().min(2) }).optional(),
  cloud: z.enum(['SECURE', 'COMMUNITY']).default('SECURE'),
  dataCenterIds: z.array(z.string()).optional(),
  mounts: z
    .strictObject({
      persistent: z.strictObject({ size: z.int().min(10), path: z.string() }).optional(),
      network: z
        .array(z.strictObject({ volumeId: z.string(), path: z.string() }))
        .max(1)
        .optional(),
    })
    .optional(),
  templateId: z.string().min(1).optional(),
  startSsh: z.boolean().default(false),
  startJupyter: z.boolean().default(false),
  globalNetworking: z.boolean().default(false),
});

export type CreatePod = z.infer<typeof createPod> & { image: string };

/**
 * What a create asks for. Throws 422 for a body that does not match RunPod's description, and 400 for
 * one that breaks a rule between its fields.
 */
export function parseCreatePod(body: unknown): CreatePod {
  const pod = parseBody(createPod, body);
  const { image, templateId } = pod;
  if (templateId !== undefined) throw new Problem(404, `template '${templateId}' not found`);
  if (image === undefined) throw invalid(["$: missing property 'image'"]);
  const asked = { ...pod, image };
  const broken = rules.find(([, isBroken]) => isBroken(asked));
  if (broken !== undefined) throw new Problem(400, broken[0]);
  return asked;
}

/** RunPod states no bound; whoever needs more is doing something else than naming a pod. */
const maxNameLength = 191;

const rules: readonly (readonly [string, (pod: CreatePod) => boolean])[] = [
  [
    'exactly one of gpu or cpu must be set',
    ({ gpu, cpu }) => (gpu === undefined) === (cpu === undefined),
  ],
  ['name must not be blank', ({ name }) => name.trim() === ''],
  [`name is longer than ${maxNameLength} characters`, ({ name }) => name.length > maxNameLength],
  ['image is not a valid reference', ({ image }) => !/^[\w.:/@-]+$/.test(image)],
  ['registry credential not found', ({ registry }) => registry !== null],
  ['ports must be formatted as port/protocol', ({ ports }) => !ports.every(isPort)],
  [
    'env holds a name that no environment can hold',
    ({ env }) => !Object.keys(env).every(isEnvName),
  ],
  ['env holds a NUL', ({ env }) => Object.values(env).some((value) => value.includes('\0'))],
  [
    'args, entrypoint or cmd holds a NUL',
    ({ args, entrypoint = [], cmd = [] }) => [args, ...entrypoint, ...cmd].join().includes('\0'),
  ],
  ['args and cmd are mutually exclusive', ({ args, cmd }) => args !== '' && cmd !== undefined],
  [
    'gpu.allowedCudaVersions and gpu.minCudaVersion are mutually exclusive',
    ({ gpu }) => Boolean(gpu?.allowedCudaVersions?.length) && gpu?.minCudaVersion !== undefined,
  ],
  [
    'cpu.vcpuCount must be a power of two',
    ({ cpu }) => cpu !== undefined && !Number.isInteger(Math.log2(cpu.vcpuCount)),
  ],
  [
    'mounts.persistent and mounts.network are mutually exclusive',
    ({ mounts }) => mounts?.persistent !== undefined && mounts.network !== undefined,
  ],
  [
    'mounts.persistent is invalid on a CPU pod',
    ({ cpu, mounts }) => cpu !== undefined && mounts?.persistent !== undefined,
  ],
  ['mounts.network must not be empty', ({ mounts }) => mounts?.network?.length === 0],
  ['a mount path must be absolute', ({ mounts }) => !mountPaths(mounts).every(isMountPath)],
  [
    'globalNetworking requires an NVIDIA GPU',
    ({ globalNetworking, gpu }) => globalNetworking && gpu === undefined,
  ],
];

function mountPaths(mounts: CreatePod['mounts']): string[] {
  return [mounts?.persistent, ...(mounts?.network ?? [])].flatMap((mount) => mount?.path ?? []);
}

function isMountPath(path: string): boolean {
  return /^(\/[\w-][\w.-]*)+$/.test(path);
}

function isPort(port: string): boolean {
  const number = Number(/^(\d+)\/(?:http|tcp)$/.exec(port)?.[1]);
  return number >= 1 && number <= 65_535;
}

function isEnvName(name: string): boolean {
  return /^[A-Za-z_]\w*$/.test(name);
}
