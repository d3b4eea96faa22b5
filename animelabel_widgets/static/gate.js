// When a vote counts: not before its picture is painted, and not as the echo of the last one.

/** A second click, or a swipe's bounce, comes sooner than anybody looks at a picture. */
export const ECHO = 300;

/**
 * @param {object} options
 * @param {() => Promise<void>} options.painted settles once what was shown is on the screen
 * @param {import("./link.js").Clock} options.clock
 * @param {() => number} options.now milliseconds
 * @param {(open: boolean) => void} options.onChange
 */
export function openGate({ painted, clock, now, onChange }) {
  /** @type {{name: ?string}} the showing that counts: one picture may be shown, left, and shown again */
  let showing = { name: null };
  let visible = false;
  let open = false;
  let movedAt = -ECHO;

  const shut = () => {
    visible = false;
    open = false;
    onChange(false);
  };

  return {
    /** @param {string} name of the picture @param {Promise<unknown>} decoded */
    async show(name, decoded) {
      if (name === showing.name) return;
      const mine = (showing = { name });
      shut();
      await decoded.then(painted);
      if (mine !== showing) return;
      visible = true;
      const echo = movedAt + ECHO - now();
      if (echo > 0) await new Promise((resolve) => clock.setTimeout(() => resolve(0), echo));
      if (mine !== showing) return;
      open = true;
      onChange(true);
    },
    /** Nothing is there to vote on. */
    hide() {
      showing = { name: null };
      shut();
    },
    /** The volunteer went to another picture. */
    moved() {
      movedAt = now();
    },
    /** @param {string} name of a picture */
    canPress: (name) => visible && name === showing.name,
    /** @param {string} name of a picture */
    canVote: (name) => open && name === showing.name,
  };
}
