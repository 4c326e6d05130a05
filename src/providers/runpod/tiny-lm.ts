import { projectDir } from '../../lib/system/project.ts';
import type { PodRecipe } from './settings.ts';

/** The shipped example for pods: an image has a Node of its own, and the recipe's few files travel along. */
export const tinyLm: PodRecipe = {
  command: ['node', '--disable-warning=ExperimentalWarning', 'examples/tiny-lm/train.ts'],
  cwd: projectDir,
  image: 'node:24',
  files: ['package.json', 'examples/tiny-lm'],
  // The package of words that it takes elsewhere is too large to travel.
  dataset: 'examples/tiny-lm/words.txt',
  // It needs none: the cheap ones first.
  gpuType: [
    'NVIDIA RTX A4000',
    'NVIDIA GeForce RTX 3090',
    'NVIDIA GeForce RTX 4090',
    'NVIDIA A40',
    'NVIDIA L40S',
  ],
  diskGb: 10,
};
