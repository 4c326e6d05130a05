import { useEffect, useState } from 'react';
import { duration, moment } from './format.ts';

/** How long ago something was; the moment itself on pointing. */
export function Ago({ time }: { time: string }) {
  const now = useNow(10_000);
  const seconds = (now - Date.parse(time)) / 1000;
  return (
    <time dateTime={time} title={moment(time)}>
      {seconds < 10 ? 'just now' : `${duration(seconds)} ago`}
    </time>
  );
}

/** The time now, in milliseconds; renders again so often. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
