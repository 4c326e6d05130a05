import type { ReactNode } from 'react';
import { Link, useLocation } from 'wouter';
import { graphAddress } from './address.ts';
import type { Graph } from './graph/graph.ts';
import type { Session } from './graph/session.ts';
import { useValue } from './graph/value.ts';
import { Help } from './help.tsx';
import { Logo } from './parts/logo.tsx';

/** What is around every page: the way to the others, and whether the server is heard. */
export function Frame(props: { session: Session; graph: Graph; children: ReactNode }) {
  const hasToken = useValue(props.session.hasToken);
  const connection = useValue(props.graph.connection);
  return (
    <>
      <a className="skip" href="#main">
        To the page
      </a>
      <header className="top">
        <Link className="brand" href="/">
          <Logo />
          <span>Trainyard</span>
        </Link>
        <nav aria-label="Pages">
          <NavLink href="/" also="/jobs/">
            Jobs
          </NavLink>
          <NavLink href="/search">Search</NavLink>
          <NavLink href="/deploy">Deploy</NavLink>
          <NavLink href="/providers">Providers</NavLink>
        </nav>
        <span className="end">
          <output className="lost" aria-live="polite">
            {connection === 'lost' && 'Reconnecting …'}
          </output>
          <a href={graphAddress}>API</a>
          <Help />
          {hasToken && (
            <button type="button" className="plain" onClick={() => props.session.leave()}>
              Log out
            </button>
          )}
        </span>
      </header>
      <main id="main" tabIndex={-1}>
        {props.children}
      </main>
    </>
  );
}

/** A link that says whether it leads to the page that is shown, or to one below it. */
function NavLink({ href, also, children }: { href: string; also?: string; children: ReactNode }) {
  const [path] = useLocation();
  const isHere = path === href || (also !== undefined && path.startsWith(also));
  return (
    <Link href={href} aria-current={isHere ? 'page' : undefined}>
      {children}
    </Link>
  );
}
