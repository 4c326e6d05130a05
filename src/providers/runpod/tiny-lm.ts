import { projectDir } from '../../lib/system/project.ts';
import type { PodRecipe } from './settings.ts';

/** The shipped example for pods. The image has Node, and the recipe's few files are copied into the pod. */
export const tinyLm: PodRecipe = {
  command: ['node', '--disable-warning=ExperimentalWarning', 'examples/tiny-lm/train.ts'],
  cwd: projectDir,
  image: 'node:24',
  files: ['package.json', 'examples/tiny-lm'],
  // The larger package of words that the example uses elsewhere does not fit into a pod's environment.
  dataset: 'examples/tiny-lm/words.txt',
  // The example needs no GPU, so the cheap ones come first.
  gpuType: [
    'NVIDIA RTX A4000',
    'NVIDIA GeForce RTX 3090',
    'NVIDIA GeForce RTX 4090',
    'NVIDIA A40',
    'NVIDIA L40S',
  ],
  diskGb: 10,
};
