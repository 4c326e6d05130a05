// Runs in the browser, before the page's own script.
(() => {
  /** About the most lines that an answer shows; the newest page is always whole. */
  const maxLines = 500;

  /**
   * Makes the results of a log's subscription one page that grows: each result holds the lines that came before, too.
   * Other results stay as they are. `grew` is called with each page before it is shown.
   */
  globalThis.growLog = (grew) => {
    const kept = new Map();
    return (result) => {
      const data = { ...result?.data };
      for (const [field, page] of Object.entries(data)) {
        if (!isPage(page)) continue;
        const pages = [...(kept.get(field) ?? []), page];
        while (pages.length > 1 && linesIn(pages) > maxLines) pages.shift();
        kept.set(field, pages);
        data[field] = joined(pages);
        grew(page);
      }
      return result?.data ? { ...result, data } : result;
    };
  };

  function isPage(value) {
    return Array.isArray(value?.lines ?? value?.entries) && 'nextOffset' in value;
  }

  function linesIn(pages) {
    return pages.reduce((sum, { lines, entries }) => sum + (lines ?? entries).length, 0);
  }

  /** The newest page, from the first line of the oldest one on. */
  function joined(pages) {
    const page = { ...pages.at(-1) };
    if ('offset' in page) page.offset = pages[0].offset;
    for (const list of ['lines', 'entries', 'gaps']) {
      if (list in page) page[list] = pages.flatMap((each) => each[list]);
    }
    return page;
  }
})();
