import { useState } from 'react';
import { useValue } from '../graph/value.ts';
import { copyText } from '../parts/copy.tsx';
import { count, plural } from '../parts/format.ts';
import { plainText } from './ansi.ts';
import type { LineRange } from './row-elements.ts';
import type { LogScreen } from './screen.ts';
import type { LogErrors } from './use-errors.ts';
import type { FilterChoice } from './use-filter.ts';

/** Where one is in the log, what is hidden, and what can be done with the lines that are marked. */
export function LogFoot(props: { screen: LogScreen; filter: FilterChoice; errors: LogErrors }) {
  const { screen, filter, errors } = props;
  const state = useValue(screen.state);
  const { seen, total, isOpen, isComplete, isFollowing, fresh, marked, filtered, said } = state;
  if (!isOpen) return <footer className="log-foot muted">Loading …</footer>;
  return (
    <>
      {total === 0 && (
        <p className="log-none muted">
          {isComplete
            ? 'The job printed nothing.'
            : 'Nothing was printed yet. Lines come by themselves.'}
        </p>
      )}
      {filtered?.shown === 0 && !filtered.hasMore && total > 0 && (
        <p className="log-none muted">
          None of {plural(total, 'line')} passes the filter.{' '}
          <button type="button" onClick={filter.clear}>
            Show all lines
          </button>
        </p>
      )}
      {fresh > 0 && !filtered && (
        <button type="button" className="fresh" onClick={() => screen.viewport.toEnd()}>
          {plural(fresh, 'new line')} ↓
        </button>
      )}
      <footer className="log-foot">
        <span className="number">
          {filtered
            ? filteredText(state)
            : `Lines ${count(seen[0])}–${count(seen[1])} of ${count(total)}`}
        </span>
        {filter.isOn && (
          <button type="button" className="plain" onClick={filter.clear}>
            Show all lines ×
          </button>
        )}
        <span className="muted">
          {isComplete ? 'complete' : isFollowing ? 'following' : 'still growing'}
        </span>
        {errors.count > 0 && (
          <button type="button" className="plain wrong" title="e" onClick={errors.next}>
            {plural(errors.count, 'error')}: next
          </button>
        )}
        <span aria-live="polite">{said}</span>
        {marked && <Marked screen={screen} range={marked} />}
      </footer>
    </>
  );
}

function filteredText({ filtered, total }: { filtered: Filtered; total: number }): string {
  if (!filtered) return '';
  const { shown, searched, isFull } = filtered;
  if (isFull) return `Showing the first ${count(shown)} lines that pass`;
  const rest = searched < total ? `, looked at ${count(searched)} so far` : '';
  return `Showing ${count(shown)} of ${count(total)} lines${rest}`;
}

type Filtered = ReturnType<LogScreen['state']['get']>['filtered'];

function Marked({ screen, range }: { screen: LogScreen; range: LineRange }) {
  const [said, setSaid] = useState('');
  const [first, last] = range;
  const tell = (isCopied: boolean) => {
    setSaid(isCopied ? 'Copied' : 'The browser did not let it be copied');
    setTimeout(() => setSaid(''), 2_000);
  };
  return (
    <span className="marked-lines">
      <span className="number">
        {first === last ? `Line ${count(first)}` : `Lines ${count(first)}–${count(last)}`}
      </span>
      <button
        type="button"
        className="plain"
        onClick={async () => {
          const text = await screen.text(range);
          tell(await copyText(text.split('\n').map(plainText).join('\n')));
        }}
      >
        Copy text
      </button>
      <button
        type="button"
        className="plain"
        onClick={async () => tell(await copyText(location.href))}
      >
        Copy link
      </button>
      <span aria-live="polite">{said}</span>
    </span>
  );
}
