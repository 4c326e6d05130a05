import { type Ref, useState } from 'react';
import { useValue } from '../graph/value.ts';
import { count } from '../parts/format.ts';
import { Download } from './download.tsx';
import { matchCount } from './matches.ts';
import type { LogScreen } from './screen.ts';
import { parseTimeColumn, type TimeColumn, timeColumns } from './times.ts';
import type { FilterChoice } from './use-filter.ts';
import type { Find } from './use-find.ts';

interface LogBarProps {
  screen: LogScreen;
  find: Find;
  filter: FilterChoice;
  times: { column: TimeColumn; change: (column: TimeColumn) => void };
  wrap: { isOn: boolean; toggle: () => void };
  goToLine: Ref<HTMLInputElement>;
  jobId: string;
  name: string;
}

/** What one can do with a log. */
export function LogBar(props: LogBarProps) {
  const { screen, find, filter, times, wrap } = props;
  const { isFollowing, isComplete } = useValue(screen.state);
  // Where there is little room, only what is used most is shown at first.
  const [isWhole, setWhole] = useState(false);
  return (
    <div className={isWhole ? 'log-bar whole' : 'log-bar'} role="toolbar" aria-label="Log tools">
      <FindField find={find} filter={filter} />
      {!isComplete && (
        <button
          type="button"
          aria-pressed={isFollowing}
          onClick={() => screen.viewport.follow(!isFollowing)}
          title="f"
        >
          Follow
        </button>
      )}
      <button
        type="button"
        className="more"
        aria-expanded={isWhole}
        onClick={() => setWhole(!isWhole)}
      >
        {isWhole ? 'Less' : 'More'}
      </button>
      <select
        aria-label="Level"
        value={filter.choice.level ?? ''}
        onChange={({ target }) =>
          filter.change({ level: target.value === '' ? null : levelOf(target.value) })
        }
      >
        <option value="">All levels</option>
        <option value="INFO">Info and above</option>
        <option value="WARNING">Warnings and errors</option>
        <option value="ERROR">Errors</option>
      </select>
      <select
        aria-label="Source"
        value={filter.choice.source ?? ''}
        onChange={({ target }) =>
          filter.change({ source: target.value === '' ? null : sourceOf(target.value) })
        }
      >
        <option value="">All sources</option>
        <option value="STDOUT">Standard output</option>
        <option value="STDERR">Standard error</option>
        <option value="SYSTEM">Provider</option>
      </select>
      <select
        aria-label="Times"
        value={times.column}
        onChange={({ target }) => times.change(parseTimeColumn(target.value))}
      >
        {timeColumns().map(({ value, title }) => (
          <option key={value} value={value}>
            {title}
          </option>
        ))}
      </select>
      <button type="button" aria-pressed={wrap.isOn} onClick={wrap.toggle} title="w">
        Wrap
      </button>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const line = Number(new FormData(event.currentTarget).get('line'));
          const last = Math.max(0, screen.state.get().total - 1);
          const to = Math.min(line, last);
          screen.goTo([to, to]);
        }}
      >
        <input
          ref={props.goToLine}
          name="line"
          className="go-to"
          inputMode="numeric"
          pattern="\d+"
          required
          placeholder="Line"
          aria-label="Go to line"
          title="g"
        />
      </form>
      <Download jobId={props.jobId} name={props.name} />
    </div>
  );
}

function FindField({ find, filter }: { find: Find; filter: FilterChoice }) {
  const { search, change, line, isLooking, go, stop } = find;
  const state = useValue(find.matches);
  const isCounting = search.text !== '' && !state.isWhole && state.searched > 0;
  return (
    <div className="find">
      <input
        type="search"
        placeholder="Find in the whole log"
        aria-label="Find in the whole log"
        value={search.text}
        onChange={({ target }) => change({ text: target.value })}
        onKeyDown={(event) => {
          if (event.key === 'Enter') go(event.shiftKey);
          if (event.key === 'Escape') stop();
        }}
      />
      <button
        type="button"
        className="plain"
        aria-pressed={search.isCaseExact}
        aria-label="Match case"
        title="Match case"
        onClick={() => change({ isCaseExact: !search.isCaseExact })}
      >
        Aa
      </button>
      <button
        type="button"
        className="plain"
        aria-pressed={search.isExpression}
        aria-label="Regular expression"
        title="Regular expression (RE2)"
        onClick={() => change({ isExpression: !search.isExpression })}
      >
        .*
      </button>
      <button
        type="button"
        className="plain"
        aria-label="Previous match"
        title="Shift+Enter, N"
        disabled={search.text === ''}
        onClick={() => go(true)}
      >
        ↑
      </button>
      <button
        type="button"
        className="plain"
        aria-label="Next match"
        title="Enter, n"
        disabled={search.text === ''}
        onClick={() => go(false)}
      >
        ↓
      </button>
      {search.text !== '' && (
        <>
          <output className={state.error ? 'wrong' : 'muted number'}>
            {state.error?.message ??
              (matchCount(state, line) ||
                (isCounting || isLooking
                  ? `searched to line ${count(state.searched)}, Esc ends it`
                  : ''))}
          </output>
          <button
            type="button"
            aria-pressed={filter.choice.onlyMatches}
            onClick={() => filter.change({ onlyMatches: !filter.choice.onlyMatches })}
          >
            Only these lines
          </button>
        </>
      )}
    </div>
  );
}

function levelOf(text: string) {
  return text === 'ERROR' || text === 'WARNING' ? text : 'INFO';
}

function sourceOf(text: string) {
  return text === 'STDERR' || text === 'SYSTEM' ? text : 'STDOUT';
}
