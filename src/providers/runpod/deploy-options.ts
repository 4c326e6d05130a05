import { type DeployOptions, limitOptions } from '../../core/deploy-options.ts';

/** The options that a caller may set for a job's pod. `settingsOf` in `deploy/settings.ts` checks their values. */
export const deployOptions: DeployOptions = {
  name: 'RunPodOptions',
  description: 'What only RunPod needs to know. Whatever is absent comes from the recipe.',
  fields: {
    gpuType: {
      type: 'String',
      description: "RunPod's id, such as `NVIDIA GeForce RTX 4090`.",
      flag: { value: 'type', help: "RunPod's id, such as 'NVIDIA GeForce RTX 4090'" },
    },
    gpuCount: {
      type: 'Int',
      description: 'How many GPUs: 1 where nobody says.',
      flag: { value: 'count', help: 'how many GPUs' },
    },
    image: {
      type: 'String',
      description: 'The container image; it must have bash.',
      flag: { value: 'image', help: 'the container image' },
    },
    cloud: {
      type: {
        name: 'RunPodCloud',
        description: "RunPod's kinds of hosts.",
        values: ['SECURE', 'COMMUNITY'],
      },
      description: 'SECURE where nobody says.',
      flag: { value: 'kind', help: 'whose hosts' },
    },
    diskGb: {
      type: 'Int',
      description: 'The container disk, in GB, gone with the pod: 20 where nobody says.',
      flag: { value: 'gb', help: 'the container disk' },
    },
    volumeGb: {
      type: 'Int',
      description:
        'A disk at /workspace that outlives a restart of the pod, in GB: 10 where nobody says, 0 for none.',
      flag: { value: 'gb', help: 'a disk that outlives a restart; 0 for none', least: 0 },
    },
    networkVolumeId: {
      type: 'ID',
      description: 'A network volume at /workspace, instead of `volumeGb`; it outlives the pod.',
      flag: { value: 'id', help: 'a network volume instead' },
    },
    dataCenterIds: {
      type: 'String',
      list: true,
      description: 'Where to look for room, in this order.',
      flag: { value: 'ids', help: 'where to look for room, in this order' },
    },
    env: {
      type: 'EnvVar',
      list: true,
      description:
        'Environment variables of the job. RunPod keeps them with the pod, in clear text.',
      flag: { value: 'name', help: 'NAME=VALUE, or NAME for its value here; repeatable' },
    },
    ...limitOptions,
  },
};
