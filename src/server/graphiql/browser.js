// Runs in the browser, after GraphiQL and graphql-ws: brings the page to life.
/* global YogaGraphiQL, graphqlWs, monaco, growLog, lookAfterEditors */
(() => {
  const { tabs, logo } = JSON.parse(document.getElementById('data').textContent);
  const endpoint = new URL(location.pathname, location.href);

  let token = {};
  const storage = ownStorage('trainyard:');
  const editors = lookAfterEditors(monaco, storage);
  showLastTab();

  YogaGraphiQL.renderYogaGraphiQL(document.getElementById('root'), {
    title: 'Trainyard',
    logo,
    storage,
    defaultTabs: tabs,
    // Headers hold tokens: kept across visits only where a person has said so, in the settings.
    shouldPersistHeaders: storage.getItem('graphiql:shouldPersistHeaders') === 'true' || undefined,
    // Otherwise each edit goes into the page's address, and coming back opens the query twice.
    onEditQuery: undefined,
    fetcher: (operation, { headers, documentAST } = {}) =>
      isSubscription(documentAST, operation.operationName)
        ? subscribe(operation, withToken(headers))
        : send(operation, withToken(headers)),
  });

  /** GraphiQL opens one more tab, unless what it shows first is what one of its tabs holds. */
  function showLastTab() {
    const kept = JSON.parse(storage.getItem('graphiql:tabState') ?? '{}');
    const tab = kept.tabs?.[kept.activeTabIndex] ?? tabs[0];
    for (const part of ['query', 'variables', 'headers']) {
      storage.setItem(`graphiql:${part}`, tab[part] ?? '');
    }
  }

  /** GraphiQL has headers for each tab; a token that one of them names holds for all, until the page is left. */
  function withToken(headers = {}) {
    const name = Object.keys(headers).find((key) => key.toLowerCase() === 'authorization');
    if (name) token = { [name]: headers[name] };
    return { ...token, ...headers };
  }

  /** What is kept here is not mixed up with the tabs of another GraphiQL that was once at this address. */
  function ownStorage(prefix) {
    const keys = () => Object.keys(localStorage).filter((key) => key.startsWith(prefix));
    return {
      getItem: (key) => localStorage.getItem(prefix + key),
      setItem: (key, value) => localStorage.setItem(prefix + key, value),
      removeItem: (key) => localStorage.removeItem(prefix + key),
      clear: () => keys().forEach((key) => void localStorage.removeItem(key)),
      get length() {
        return keys().length;
      },
    };
  }

  function isSubscription(document, name) {
    return document?.definitions.some(
      (it) => it.operation === 'subscription' && (!name || it.name?.value === name),
    );
  }

  async function send(operation, headers) {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
      body: JSON.stringify(operation),
    });
    const text = await response.text();
    try {
      const result = JSON.parse(text);
      const id = result.data?.deployJob?.job?.id;
      if (id) editors.deployed(id);
      return result;
    } catch {
      return { errors: [{ message: `${response.status} ${response.statusText}: ${text}` }] };
    }
  }

  /** The results of a subscription over a socket of its own; a broken one ends with what broke it. */
  function subscribe(operation, headers) {
    const client = graphqlWs.createClient({
      url: endpoint.href.replace(/^http/, 'ws'),
      // A browser cannot send headers with a socket, so a token goes where graphql-ws has a place for it.
      connectionParams: headers,
      retryAttempts: 0,
    });
    const results = client.iterate(operation);
    const grow = growLog((page) => editors.grew(page));
    const next = async () => {
      const { done, value } = await results.next();
      return { done, value: grow(value) };
    };
    return {
      next: () => next().catch((cause) => ({ done: false, value: failure(cause) })),
      return: () => results.return(),
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  function failure(cause) {
    if (Array.isArray(cause)) return { errors: cause };
    const hint =
      cause.code === 4401 ? '; under Headers, write {"Authorization": "Bearer TOKEN"}' : '';
    const message = cause.code ? `${cause.code} ${cause.reason}${hint}` : String(cause.message);
    return { errors: [{ message }] };
  }
})();
