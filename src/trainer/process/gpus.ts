import { execFile } from 'node:child_process';

const timeoutMs = 2000;
const freshMs = 5000;

export interface Gpu {
  name: string;
  memory_total_mb: number | null;
  memory_used_mb: number | null;
  utilization_percent: number | null;
}

/** Asks `nvidia-smi` for the machine's GPUs, at most every 5 seconds. There are none if it fails or takes more than 2 seconds. */
export function createGpuReader(env: NodeJS.ProcessEnv): () => Promise<Gpu[]> {
  let asked: Promise<Gpu[]> | null = null;
  let askedAt = 0;
  return () => {
    if (asked === null || performance.now() - askedAt > freshMs) {
      askedAt = performance.now();
      asked = askNvidia(env);
    }
    return asked;
  };
}

function askNvidia(env: NodeJS.ProcessEnv): Promise<Gpu[]> {
  const query = '--query-gpu=name,memory.total,memory.used,utilization.gpu';
  return new Promise((resolve) => {
    // If the driver hangs, the program cannot even be killed. The timer answers in any case.
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      resolve([]);
    }, timeoutMs);
    const child = execFile(
      'nvidia-smi',
      [query, '--format=csv,noheader,nounits'],
      { env },
      (error, out) => {
        clearTimeout(timer);
        resolve(error ? [] : parseGpus(out));
      },
    );
  });
}

function parseGpus(csv: string): Gpu[] {
  const lines = csv.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line) => {
    const [name = '', total, used, utilization] = line.split(',').map((cell) => cell.trim());
    return {
      name,
      memory_total_mb: toNumber(total),
      memory_used_mb: toNumber(used),
      utilization_percent: toNumber(utilization),
    };
  });
}

function toNumber(cell: string | undefined): number | null {
  const value = Number.parseFloat(cell ?? '');
  return Number.isFinite(value) ? value : null;
}
