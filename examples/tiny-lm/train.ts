import { saveCheckpoint } from './checkpoint.ts';
import { loadConfig } from './config.ts';
import { loadDataset } from './data.ts';
import { invent } from './generate.ts';
import { train } from './loop.ts';
import { Model } from './model.ts';
import { createRandom } from './random.ts';

// JOB_CONFIG, JOB_DATASET, JOB_OUTPUT_DIR, JOB_MODEL: see README.md.
const { JOB_CONFIG, JOB_DATASET, JOB_OUTPUT_DIR, JOB_MODEL } = process.env;

const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());

try {
  await run();
  if (stop.signal.aborted) process.exitCode = 128 + 15; // SIGTERM
} catch (error) {
  console.error(`Error: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}

async function run(): Promise<void> {
  const name = JOB_MODEL || 'tiny-lm';
  const config = await loadConfig(JOB_CONFIG || null);
  const dataset = await loadDataset(JOB_DATASET || null);
  const random = createRandom(config.seed);
  const { alphabet, samples } = dataset;
  const shape = { vocabulary: alphabet.length, context: 5, embedding: 10, hidden: 48 };
  const model = new Model(shape, random);
  const imagine = () => invent(model, dataset, { count: 10, random: createRandom(config.seed) });

  console.log(`Training ${name} with the config ${JSON.stringify(config)}`);
  console.log(`It makes up before the training: ${imagine().join(' ')}`);
  const save = async (step: number) => {
    if (!JOB_OUTPUT_DIR) return;
    const path = await saveCheckpoint(JOB_OUTPUT_DIR, step, model, { name, alphabet, config });
    console.log(`Saved ${path}`);
  };
  const step = await train({ model, samples, config, random, save, signal: stop.signal });
  if (stop.signal.aborted) console.log(`Stopped after step ${step}`);
  else console.log(`It makes up now: ${imagine().join(' ')}`);
}
