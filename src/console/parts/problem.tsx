import type { GraphError } from '@trainyard/client';

/** An error, and a way on. */
export function Problem({ error, again }: { error: GraphError; again?: () => void }) {
  return (
    <div className="notice bad" role="alert">
      <p>{error.message}</p>
      {again && (
        <button type="button" onClick={again}>
          Try again
        </button>
      )}
    </div>
  );
}
