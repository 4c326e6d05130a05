import { type ReactNode, useId } from 'react';

interface FieldProps {
  label: string;
  hint?: ReactNode;
  /** The hint says what is wrong. */
  isWrong?: boolean;
  children: (control: { id: string; 'aria-describedby': string }) => ReactNode;
}

/** A control with its name above and a hint below, which a screen reader reads as such. */
export function Field({ label, hint, isWrong, children }: FieldProps) {
  const id = useId();
  const hintId = `${id}-hint`;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({ id, 'aria-describedby': hintId })}
      <small id={hintId} className={isWrong ? 'wrong' : ''}>
        {hint}
      </small>
    </div>
  );
}
