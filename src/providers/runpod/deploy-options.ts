import { type DeployOptions, limitOptions } from '../../core/deploy-options.ts';

/** The options that a caller may set for a job's pod. `settingsOf` in `deploy/settings.ts` checks their values. */
export const deployOptions: DeployOptions = {
  name: 'RunPodOptions',
  description:
    "Options for jobs at RunPod. An absent option has the recipe's value, or else the default that is given here.",
  fields: {
    gpuType: {
      type: 'String',
      description:
        "The GPU's type by RunPod's id, such as `NVIDIA GeForce RTX 4090`. It has no default.",
      flag: { value: 'type', help: "RunPod's id, such as 'NVIDIA GeForce RTX 4090'" },
    },
    gpuCount: {
      type: 'Int',
      description: 'How many GPUs: 1 to 64, and 1 by default.',
      flag: { value: 'count', help: 'how many GPUs' },
    },
    image: {
      type: 'String',
      description: 'The container image, which must have bash. It has no default.',
      flag: { value: 'image', help: 'the container image' },
    },
    cloud: {
      type: {
        name: 'RunPodCloud',
        description: 'The kinds of hosts at RunPod.',
        values: {
          SECURE: "Hosts in data centers of RunPod's partners (Secure Cloud).",
          COMMUNITY: 'Hosts of other people (Community Cloud).',
        },
      },
      description: 'The kind of hosts; SECURE by default.',
      flag: { value: 'kind', help: 'the kind of hosts' },
    },
    diskGb: {
      type: 'Int',
      description:
        'The size of the container disk, in GB: 1 to 100,000, and 20 by default. The disk is lost with the pod.',
      flag: { value: 'gb', help: 'the container disk' },
    },
    volumeGb: {
      type: 'Int',
      description:
        'The size of the disk at /workspace, in GB: 10 to 100,000, or 0 for none, and 10 by default. The disk outlives a restart of the pod, but not the pod.',
      flag: { value: 'gb', help: 'a disk that outlives a restart; 0 for none', least: 0 },
    },
    networkVolumeId: {
      type: 'ID',
      description:
        'A network volume to mount at /workspace instead of the disk of `volumeGb`. It outlives the pod.',
      flag: { value: 'id', help: 'a network volume instead' },
    },
    dataCenterIds: {
      type: 'String',
      list: true,
      description: 'The data centers to try, in this order, at most 50. RunPod chooses by default.',
      flag: { value: 'ids', help: 'the data centers to try, in this order' },
    },
    env: {
      type: 'EnvVar',
      list: true,
      description:
        'Environment variables of the job, at most 200, with values of at most 100,000 characters. RunPod keeps them with the pod in clear text.',
      flag: { value: 'name', help: 'NAME=VALUE, or NAME for its value here; repeatable' },
    },
    ...limitOptions,
  },
};
