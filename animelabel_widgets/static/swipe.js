// Swiping a picture with one finger: left for the next one, right for the former one.

const FAR = 56;
const EDGE = 24;

/**
 * Tell a swipe from a tap, a scroll and a pinch.
 * @param {number} dx @param {number} dy pixels from where the finger went down
 * @returns {?("left"|"right")}
 */
export function swiped(dx, dy) {
  if (Math.abs(dx) < FAR || Math.abs(dx) < 2 * Math.abs(dy)) return null;
  return dx < 0 ? "left" : "right";
}

/**
 * @param {HTMLElement} stage
 * @param {{left: () => void, right: () => void}} actions
 */
export function followSwipes(stage, actions) {
  /** @type {?{id: number, x: number, y: number}} */
  let start = null;
  const end = () => {
    start = null;
    stage.style.removeProperty("--al-drag");
  };
  stage.addEventListener("pointerdown", (event) => {
    // A second finger means a pinch; the screen's edges are the system's own.
    if (event.pointerType !== "touch" || start || (visualViewport?.scale ?? 1) > 1.01) return end();
    if (event.clientX < EDGE || event.clientX > innerWidth - EDGE) return;
    start = { id: event.pointerId, x: event.clientX, y: event.clientY };
  });
  stage.addEventListener("pointermove", (event) => {
    if (event.pointerId !== start?.id) return;
    stage.style.setProperty("--al-drag", `${Math.round((event.clientX - start.x) / 3)}px`);
  });
  stage.addEventListener("pointerup", (event) => {
    if (event.pointerId !== start?.id) return;
    const way = swiped(event.clientX - start.x, event.clientY - start.y);
    end();
    if (way) actions[way]();
  });
  stage.addEventListener("pointercancel", end);
}
