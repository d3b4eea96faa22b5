// The browser's own Back and Forward: a ladder of entries, each rung one picture further.
//
// A rung says by how many pictures to go, not which one to show: the queue knows that, and a
// browser keeps 50 entries at most. So a short ladder reaches back as far as the queue does: near
// its foot, it is lengthened upwards. Below the first picture there is no rung, so that Back
// leaves the page.

/** No more rungs than these; a browser drops the oldest entries beyond 50. */
export const TOP = 40;
const LIFT = 20;
const REACH_AHEAD = 15;
const LOW = 2;

/**
 * @typedef {{assignment: ?string, title: string}} Place
 * @param {object} options
 * @param {Pick<History, "state"|"pushState"|"replaceState"|"go">} options.history
 * @param {(steps: number) => void} options.onMove how many pictures to go, negative for back
 */
export function openLadder({ history, onMove }) {
  let rung = readRung(history.state) ?? 0;
  let quiet = false;
  /** @type {Place} */
  let here = { assignment: null, title: "" };

  /** @param {number} number */
  const entry = (number) => ({ ...history.state, animelabel: { ...here, rung: number } });

  /**
   * Change an entry; WebKit refuses where a page has changed many in a few seconds.
   * @param {"pushState"|"replaceState"} how @param {number} number @returns {boolean} whether it did
   */
  const write = (how, number) => {
    try {
      history[how](entry(number), "");
      return true;
    } catch {
      return false;
    }
  };

  const push = () => {
    if (write("pushState", rung + 1)) rung += 1;
  };

  return {
    /** @param {Place} place of the picture that is shown now */
    mark(place) {
      if (place.assignment === here.assignment && place.title === here.title) return;
      here = place;
      write("replaceState", rung);
    },
    /** One picture further. @param {Place} place */
    climb(place) {
      here = place;
      if (rung < TOP) push();
      else write("replaceState", rung);
    },
    /** @returns {boolean} whether the browser goes back, and `onMove` will be called */
    back() {
      if (rung === 0) return false;
      history.go(-1);
      return true;
    },
    /**
     * After a move by the browser: mark the picture, and lengthen the ladder near its foot.
     * @param {Place} place @param {number} past @param {number} ahead pictures seen on either side
     */
    settle(place, past, ahead) {
      here = place;
      write("replaceState", rung);
      if (rung > LOW || past <= rung) return;
      for (let lift = Math.min(past, LIFT) - rung; lift > 0; lift -= 1) push();
      const lifted = rung;
      for (let step = Math.min(ahead, REACH_AHEAD); step > 0; step -= 1) push();
      if (rung > lifted) {
        quiet = true;
        history.go(lifted - rung);
      }
    },
    /** No picture is left on this side: leave the page. */
    leave() {
      history.go(-rung - 1);
    },
    /** @param {{state: any}} event of the browser */
    onPop(event) {
      const reached = readRung(event.state);
      if (reached === null) return;
      const steps = reached - rung;
      rung = reached;
      if (quiet) {
        quiet = false;
        write("replaceState", rung);
      } else if (steps !== 0) onMove(steps);
    },
  };
}

/** @param {any} state @returns {?number} */
function readRung(state) {
  const rung = state?.animelabel?.rung;
  return Number.isInteger(rung) && rung >= 0 && rung <= TOP ? rung : null;
}
