/** Stands once in every million lines of `trainingLog`, and nowhere else. */
export const rareWord = 'xylophone';

/**
 * The log of a fine-tuning run, as it goes on: the dictionaries that Hugging Face's trainer prints,
 * progress bars, prose of libraries; about 118 bytes a line. The same number gives the same line.
 */
export function trainingLog(first: number, count: number): string[] {
  const lines: string[] = new Array(count);
  for (let index = 0; index < count; index++) lines[index] = lineAt(first + index);
  // As lines come from a reader: slices of a decoded text, not concatenations still to be done.
  return Buffer.from(lines.join('\n')).toString('utf8').split('\n');
}

function lineAt(line: number): string {
  const noise = scramble(line);
  const step = Math.floor(line / 4);
  if (line % 1_000_000 === 777_777) return `note: found ${rareWord} in sample ${line}`;
  switch (line % 4) {
    case 0:
      return dictionary(step, noise);
    case 1:
      return bar(step, noise);
    case 2:
      return prose(step, noise);
    default:
      return dictionary(step, scramble(noise));
  }
}

function dictionary(step: number, noise: number): string {
  const loss = (0.4 + 8000 / (step + 4000) + (noise % 1000) / 5000).toFixed(4);
  // Printed as Hugging Face does: a 32-bit float with all the digits of a 64-bit one.
  const norm = Math.fround(0.3 + (noise % 7919) / 4000);
  const rate = (2e-5 * (1 - step / 1e7)).toExponential(12);
  const epoch = (step / 125_000).toFixed(4);
  return `{'loss': ${loss}, 'grad_norm': ${norm}, 'learning_rate': ${rate}, 'epoch': ${epoch}, 'tokens_per_second': ${(noise % 900) + 3100}}`;
}

function bar(step: number, noise: number): string {
  const percent = Math.floor(step / 10) % 101;
  const full = '█'.repeat(Math.floor(percent / 10)).padEnd(10, ' ');
  const rate = (2 + (noise % 300) / 100).toFixed(2);
  return `${String(percent).padStart(3)}%|${full}| ${step % 1010}/1010 [${clock(step % 1010)}<${clock(1010 - (step % 1010))}, ${rate}it/s, loss=${((noise % 4000) / 2000).toFixed(3)}]`;
}

const sentences = [
  'INFO trainer.loop Saving model checkpoint to /workspace/output/checkpoint-%',
  'INFO accelerate.checkpointing Model weights saved in /workspace/output/checkpoint-%/model.safetensors',
  'WARNING transformers.tokenization Token indices sequence length is longer than the maximum for this model (% > 4096)',
  'INFO datasets.arrow_dataset Loading cached processed dataset at /root/.cache/huggingface/datasets/cache-%.arrow',
  'DEBUG torch.distributed [rank0] all_reduce of bucket % finished',
];

function prose(step: number, noise: number): string {
  const sentence = sentences[noise % sentences.length] ?? '';
  return `2026-03-14 ${clock(step)},${String(noise % 1000).padStart(3, '0')} ${sentence.replace('%', String(step))}`;
}

function clock(seconds: number): string {
  const part = (value: number) => String(value).padStart(2, '0');
  return `${part(Math.floor(seconds / 3600) % 24)}:${part(Math.floor(seconds / 60) % 60)}:${part(seconds % 60)}`;
}

/** A number that looks random and is always the same for the same input (murmur's finalizer). */
function scramble(value: number): number {
  let hash = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
