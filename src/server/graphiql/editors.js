// Runs in the browser, before GraphiQL: the editors do what GraphiQL does not let one set.
(() => {
  /** What the tabs hold in place of a job's id until one is known. */
  const placeholder = 'ID';
  const maxFilled = 50;

  /** How much of an answer's end is looked at, in characters. */
  const endChars = 300;

  /**
   * Looks after the editors from now on: long lines are wrapped, an answer that grows shows its end, and the id of a
   * job in the variables, unless a person has written another one, is that of the job that was deployed last.
   */
  globalThis.lookAfterEditors = (monaco, storage) => {
    const jobs = JSON.parse(storage.getItem('jobs') ?? '[]');
    const variables = new Set();
    /** What the end of the answer that grew last looks like; null before the first. */
    let grownEnd = null;
    monaco.editor.onDidCreateEditor((editor) => {
      editor.updateOptions({ wordWrap: 'on', wrappingIndent: 'indent' });
      const attend = () => {
        const name = editor.getModel()?.uri.path ?? '';
        if (name.endsWith('variables.json')) variables.add(editor);
        if (name.endsWith('response.json')) show(editor, grownEnd);
        if (name.endsWith('variables.json')) later(() => fill(editor, jobs));
      };
      editor.onDidChangeModel(attend);
      editor.onDidChangeModelContent(attend);
      editor.onDidDispose(() => variables.delete(editor));
    });
    return {
      grew({ nextOffset }) {
        grownEnd = `"nextOffset": ${nextOffset}`;
      },
      deployed(id) {
        jobs.unshift(id);
        jobs.splice(maxFilled);
        storage.setItem('jobs', JSON.stringify(jobs));
        for (const editor of variables) fill(editor, jobs);
      },
    };
  };

  /** Once GraphiQL has done what it is about to do. */
  function later(work) {
    setTimeout(work, 0);
  }

  /** Shows the end of an answer that has grown, and the beginning of any other. */
  function show(editor, grownEnd) {
    const grew = grownEnd !== null && editor.getValue().slice(-endChars).includes(grownEnd);
    if (grew) editor.revealLine(editor.getModel().getLineCount());
    else editor.setScrollTop(0);
  }

  /** Only an id that was filled in here is replaced, or one that was never written. */
  function fill(editor, [last, ...earlier]) {
    if (last === undefined || !editor.getModel()) return;
    const text = editor.getValue();
    const filled = text.replace(/("jobId"\s*:\s*")(\w+)"/, (whole, before, id) =>
      id === placeholder || earlier.includes(id) ? `${before}${last}"` : whole,
    );
    if (filled !== text) editor.setValue(filled);
  }
})();
