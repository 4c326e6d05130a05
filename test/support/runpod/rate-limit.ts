import { Problem } from './problem.ts';

export interface RateLimitOptions {
  perMinute: number;
}

export interface RateLimit {
  /** Counts one call. The headers go with its answer; `problem` is set where it was one too many. */
  take(): { headers: Record<string, string>; problem: Problem | null };
}

/** Three windows for the whole account, in the proportion of RunPod's example: 60 a minute, 3000 an hour, 50,000 a day. */
export function createRateLimit({ perMinute }: RateLimitOptions): RateLimit {
  const windows = [
    { name: 'minute', quota: perMinute, seconds: 60, left: 0, resetsAt: 0 },
    { name: 'hour', quota: perMinute * 50, seconds: 3600, left: 0, resetsAt: 0 },
    {
      name: 'day',
      quota: Math.floor((perMinute * 2500) / 3),
      seconds: 86_400,
      left: 0,
      resetsAt: 0,
    },
  ];
  const policy = windows.map(({ name, quota, seconds }) => `"${name}";q=${quota};w=${seconds}`);
  return {
    take() {
      const now = Math.floor(performance.now());
      for (const window of windows) {
        if (now < window.resetsAt) continue;
        window.left = window.quota;
        window.resetsAt = now + window.seconds * 1000;
      }
      const secondsTo = (at: number) => Math.ceil((at - now) / 1000);
      const exceeded = windows.find((window) => window.left === 0);
      if (exceeded === undefined) for (const window of windows) window.left -= 1;
      const state = windows.map((w) => `"${w.name}";r=${w.left};t=${secondsTo(w.resetsAt)}`);
      const headers = { RateLimit: state.join(', '), 'RateLimit-Policy': policy.join(', ') };
      if (exceeded === undefined) return { headers, problem: null };
      const problem = new Problem(429, `rate limit exceeded for the ${exceeded.name} window`, {
        headers: { 'Retry-After': String(secondsTo(exceeded.resetsAt)) },
      });
      return { headers, problem };
    },
  };
}
