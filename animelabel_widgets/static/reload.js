// Beginning anew: a kernel that died comes back empty, and only a new page can greet it.

const GUARD = 60_000;

/**
 * @param {object} options
 * @param {import("./storage.js").Box[]} options.boxes what a new page needs of this one
 * @param {import("./storage.js").Box} options.ofTab remembers the last time
 * @param {() => number} options.now milliseconds
 * @param {() => Promise<boolean>} options.reachable whether the server would serve a page
 * @param {() => void} options.reload
 * @returns {() => Promise<void>} loads the page again, if that can help and costs nothing
 */
export function openReloader({ boxes, ofTab, now, reachable, reload }) {
  let asking = false;
  return async () => {
    // A page without storage would forget what is unsent, and that it has just been loaded.
    if (asking || !boxes.every((box) => box.lasts())) return;
    if (now() - (Number(ofTab.get("reloaded")) || 0) < GUARD) return;
    asking = true;
    // Offline, this page still works, and a new one would not come.
    if (await reachable()) {
      ofTab.set("reloaded", String(now()));
      if (ofTab.lasts()) reload();
    }
    asking = false;
  };
}

/** @returns {Promise<boolean>} */
export async function serverAnswers() {
  try {
    // Only the head: a whole page would start a kernel.
    const options = { method: "HEAD", cache: /** @type {const} */ ("no-store") };
    const reply = await fetch(location.href, { ...options, signal: AbortSignal.timeout(10_000) });
    return reply.status < 500;
  } catch {
    return false;
  }
}
