// Runs in the browser before GraphiQL, which reads this when it is loaded.
(() => {
  const { workers } = JSON.parse(document.getElementById('data').textContent);
  globalThis.MonacoEnvironment = {
    // Else nobody but GraphiQL reaches its editors.
    globalAPI: true,
    getWorkerUrl: (_module, label) =>
      URL.createObjectURL(new Blob([workers[label]], { type: 'text/javascript' })),
  };
})();
