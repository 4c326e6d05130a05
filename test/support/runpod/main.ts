import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { runUntilStopped } from '../../../src/lib/system/run.ts';
import { openRunPodStandIn } from './server.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '4600' },
    // Whoever knows the key can run any command here: no web page may guess it.
    'api-key': { type: 'string', default: randomBytes(16).toString('hex') },
  },
});

await runUntilStopped(async () => {
  const apiKey = values['api-key'];
  const standIn = await openRunPodStandIn({
    apiKey,
    port: Number(values.port),
    provisionMs: 2000,
    startMs: 1000,
    rateLimit: { perMinute: 60 },
  });
  console.log(
    [
      '',
      '  A stand-in for RunPod is ready. Its pods run on this machine and cost nothing.',
      '',
      '  In another terminal, start Trainyard with',
      '',
      `    RUNPOD_API_URL=${standIn.url} RUNPOD_API_KEY=${apiKey} npm start`,
      '',
      '  and deploy a job with the provider "runpod". Ctrl-C ends the stand-in and every pod in it.',
      '',
    ].join('\n'),
  );
  return standIn;
});
