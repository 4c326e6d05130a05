import { useEffect, useRef } from 'react';

const keys: readonly [string, string][] = [
  ['/ or Ctrl F', 'Find in a log, or search the list'],
  ['Enter, n', 'Next match'],
  ['Shift Enter, N', 'Previous match'],
  ['e', 'Next error'],
  ['g', 'Go to a line'],
  ['Home', 'First line'],
  ['End, G', 'Last line, and follow'],
  ['f', 'Follow, or stay'],
  ['w', 'Wrap long lines'],
  ['j, k, Enter', 'Next job, previous job, open it'],
  ['Ctrl Enter', 'Send a form'],
];

/** What the keys do; shown by `?`. */
export function Help() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const press = ({ key, target }: KeyboardEvent) => {
      const isTyping =
        target instanceof HTMLElement && target.matches('input, textarea, select, dialog *');
      if (key === '?' && !isTyping && !dialog.current?.open) dialog.current?.showModal();
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, []);
  return (
    <>
      <button
        type="button"
        className="plain"
        title="?"
        onClick={() => dialog.current?.showModal()}
        aria-label="Keys"
      >
        ?
      </button>
      <dialog ref={dialog} aria-label="Keys">
        <h2>Keys</h2>
        <dl className="keys">
          {keys.map(([key, what]) => (
            <div key={key}>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
        <div className="row-end">
          <button type="button" onClick={() => dialog.current?.close()}>
            Close
          </button>
        </div>
      </dialog>
    </>
  );
}
