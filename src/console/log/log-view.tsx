import { useEffect, useRef, useState } from 'react';
import { createPortal } from 'react-dom';
import { useGraph } from '../graph/use.ts';
import { useValue } from '../graph/value.ts';
import { Problem } from '../parts/problem.tsx';
import { lineLink, parseLineLink } from './line-link.ts';
import { LogBar } from './log-bar.tsx';
import { LogFoot } from './log-foot.tsx';
import { Notice } from './notice.tsx';
import { LogScreen } from './screen.ts';
import { Ticks } from './ticks.tsx';
import { useErrors } from './use-errors.ts';
import { useFilter } from './use-filter.ts';
import { useFind } from './use-find.ts';
import { useLogKeys } from './use-log-keys.ts';
import { useTimes } from './use-times.ts';
import { useWrap } from './use-wrap.ts';

export interface LogViewProps {
  jobId: string;
  name: string;
  /** When the job began. */
  start: string;
}

/** A job's whole log: live, of any length. The address says which lines are marked and which are shown. */
export function LogView(props: LogViewProps) {
  const { element, screen } = useScreen(props.jobId);
  const body = useRef<HTMLDivElement>(null);
  return (
    <section className="log" aria-label="Log">
      {screen && <Tools {...props} screen={screen} body={body.current} />}
      <div className="log-body" ref={body}>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and so must the keyboard */}
        <section className="scroll" ref={element} tabIndex={0} aria-label="Lines" />
      </div>
    </section>
  );
}

function Tools(props: LogViewProps & { screen: LogScreen; body: HTMLElement | null }) {
  const { screen, body, jobId, name, start } = props;
  const find = useFind(screen, jobId);
  const filter = useFilter(screen, find.search);
  const times = useTimes(screen, start);
  const wrap = useWrap(screen);
  const { error, notice } = useValue(screen.state);
  const errors = useErrors(screen, jobId);
  const keys = useLogKeys({ screen, find, errors, toggleWrap: wrap.toggle });
  return (
    <>
      <LogBar {...{ screen, find, filter, times, wrap, jobId, name }} goToLine={keys.goToLine} />
      {error && <Problem error={error} />}
      {notice && <Notice notice={notice} />}
      {body &&
        createPortal(
          <Ticks matches={find.matches} errors={errors.offsets} state={screen.state} />,
          body,
        )}
      <LogFoot {...{ screen, filter, errors }} />
    </>
  );
}

function useScreen(jobId: string) {
  const graph = useGraph();
  const element = useRef<HTMLDivElement>(null);
  const [screen, setScreen] = useState<LogScreen | null>(null);
  useEffect(() => {
    if (!element.current) return;
    const opened = new LogScreen({
      graph,
      jobId,
      element: element.current,
      marked: (range) => range && history.pushState(history.state, '', lineLink(range)),
    });
    setScreen(opened);
    void opened.open(parseLineLink(location.hash));
    // Also where one goes back.
    const go = () => opened.goTo(parseLineLink(location.hash));
    addEventListener('popstate', go);
    addEventListener('hashchange', go);
    return () => {
      removeEventListener('popstate', go);
      removeEventListener('hashchange', go);
      opened.close();
    };
  }, [graph, jobId]);
  return { element, screen };
}
