// What can wait until the next picture is on the screen: the browser's history, messages.

/** @param {() => Promise<void>} painted settles once what was shown is on the screen */
export function openChores(painted) {
  /** @type {(() => void)[]} */
  let waiting = [];

  const now = () => {
    const due = waiting;
    waiting = [];
    for (const work of due) work();
  };

  return {
    /** @param {() => void} work in the order of the calls */
    later(work) {
      waiting.push(work);
      if (waiting.length === 1) painted().then(now);
    },
    /** Do at once what waits. */
    now,
  };
}
