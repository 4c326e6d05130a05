import { type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { asProblem } from '../graph/problem.ts';

/** Asks before something is done that cannot be undone. What goes wrong is told in the same place. */
export function Ask(props: {
  title: string;
  yes: string;
  no: string;
  act: () => Promise<void>;
  close: () => void;
  children: ReactNode;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [message, setMessage] = useState('');
  const [isActing, setActing] = useState(false);
  const id = useId();
  useEffect(() => dialog.current?.showModal(), []);
  const act = async () => {
    setActing(true);
    try {
      await props.act();
    } catch (error) {
      setMessage(asProblem(error).message);
      setActing(false);
    }
  };
  return (
    <dialog ref={dialog} onClose={props.close} aria-labelledby={id}>
      <h2 id={id}>{props.title}</h2>
      <p>{props.children}</p>
      <p role="alert" className="wrong">
        {message}
      </p>
      <div className="row-end">
        <button type="button" onClick={() => dialog.current?.close()}>
          {props.no}
        </button>
        <button type="button" className="danger" disabled={isActing} onClick={() => void act()}>
          {props.yes}
        </button>
      </div>
    </dialog>
  );
}
