import { TrainyardError } from '../../../core/errors.ts';

/** RunPod refuses a longer body with 413, and likewise a longer request of its own that it makes from the body. */
const maxBytes = 102_400;
/** How much longer than the body RunPod's own request is: once, and for each variable. */
const overheadBytes = { request: 1024, variable: 24 };

/**
 * Throws `BAD_USER_INPUT` for the body of a create that RunPod would refuse for its length. The message names the
 * bound and the parts of the body, largest first.
 */
export function checkBodySize(body: { env: Readonly<Record<string, string>> }): void {
  const { env } = body;
  const variables = Object.entries(env);
  const bytes = Buffer.byteLength(JSON.stringify(body));
  const total = bytes + overheadBytes.request + overheadBytes.variable * variables.length;
  if (total <= maxBytes) return;

  const parts = new Map<string, number>();
  for (const [name, value] of variables) {
    const part = partOf[name] ?? (name.startsWith('TRAINYARD_') ? rest : 'input.runpod.env');
    const size = Buffer.byteLength(JSON.stringify({ [name]: value }));
    parts.set(part, (parts.get(part) ?? 0) + size);
  }
  const counted = [...parts.values()].reduce((sum, size) => sum + size, 0);
  parts.set(rest, (parts.get(rest) ?? 0) + total - counted);
  const list = [...parts].sort(([, a], [, b]) => b - a);
  const told = list.map(([part, size]) => `${part} ${size}`).join(', ');
  throw new TrainyardError(
    'BAD_USER_INPUT',
    `The job is too large to send to a pod: RunPod takes a request of at most ${maxBytes} bytes, and this one would have ${total} (${told}). Put large data into the image, a network volume, or a place that the job downloads from.`,
  );
}

const rest = 'all else';
const partOf: Readonly<Record<string, string>> = {
  TRAINYARD_COMMAND: "the recipe's command",
  TRAINYARD_ENV: "the recipe's env",
  TRAINYARD_CONFIG: 'the config',
  TRAINYARD_FILES: "the recipe's packed files",
  TRAINYARD_WRAPPER: "Trainyard's own script",
};
