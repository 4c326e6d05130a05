import type { ReactNode } from 'react';

/** Says why there is nothing, and what one can do. */
export function Empty({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="empty">
      <h1>{title}</h1>
      {children}
    </section>
  );
}
