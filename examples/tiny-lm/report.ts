/** Says on stdout what Hugging Face's Trainer says at the start of a run. */
export function reportStart(run: {
  samples: number;
  epochs: number;
  batchSize: number;
  steps: number;
  parameters: number;
}): void {
  const count = (value: number) => value.toLocaleString('en');
  console.log(`***** Running training *****
  Num examples = ${count(run.samples)}
  Num Epochs = ${count(run.epochs)}
  Instantaneous batch size per device = ${count(run.batchSize)}
  Total train batch size (w. parallel, distributed & accumulation) = ${count(run.batchSize)}
  Gradient Accumulation steps = 1
  Total optimization steps = ${count(run.steps)}
  Number of trainable parameters = ${count(run.parameters)}`);
}

/** Writes values to stdout as Hugging Face's Trainer does: the way Python shows a dictionary. */
export function reportValues(values: Record<string, number>): void {
  const entries = Object.entries(values).map(
    ([name, value]) => `'${name}': ${python(name, value)}`,
  );
  console.log(`{${entries.join(', ')}}`);
}

/** `1.0`, `2.3106`, `5e-05`; a count of steps has no decimals. */
function python(name: string, value: number): string {
  if (name === 'step') return String(value);
  const short = Number(value.toPrecision(5));
  if (Number.isInteger(short)) return short.toFixed(1);
  if (Math.abs(short) >= 1e-4) return String(short);
  return short.toExponential().replace(/e-(\d)$/, 'e-0$1');
}
