import { useMemo } from 'react';
import { Route, Router, Switch } from 'wouter';
import { base } from './address.ts';
import { ComparePage } from './compare/compare-page.tsx';
import { DeployPage } from './deploy/deploy-page.tsx';
import { Frame } from './frame.tsx';
import { Session } from './graph/session.ts';
import { GraphContext } from './graph/use.ts';
import { useValue } from './graph/value.ts';
import { JobPage } from './job/job-page.tsx';
import { JobsPage } from './jobs/jobs-page.tsx';
import { Login } from './login.tsx';
import { Empty } from './parts/empty.tsx';
import { ProvidersPage } from './providers-page.tsx';
import { SearchPage } from './search/search-page.tsx';

/** The whole console: the login where one is needed, or else the page that the address names. */
export function App() {
  const session = useMemo(() => new Session(), []);
  const graph = useValue(session.graph);
  if (!graph) return <Login session={session} />;
  return (
    <GraphContext value={graph}>
      <Router base={base}>
        <Frame session={session} graph={graph}>
          <Switch>
            <Route path="/" component={JobsPage} />
            <Route path="/jobs/:id" component={JobPage} />
            <Route path="/deploy" component={DeployPage} />
            <Route path="/providers" component={ProvidersPage} />
            <Route path="/search" component={SearchPage} />
            <Route path="/compare" component={ComparePage} />
            <Route>
              <Empty title="Nothing is here">
                <p>The address names no page of this console.</p>
              </Empty>
            </Route>
          </Switch>
        </Frame>
      </Router>
    </GraphContext>
  );
}
