// The pictures of a visit in their order: past, active, coming. Pure state, no page.

/** Fewer coming pictures than this make the page ask for more. */
export const LOW_WATER = 3;
/** How many coming pictures the page asks for. */
export const FILL = 6;
/** How many past pictures Back can reach. */
export const REACH = 20;
/** How many past pictures a reload brings back. */
const RESUMED_PAST = 10;
/** How many assignments a page may ask to get back. */
const MAX_RESUMED = 20;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * @typedef {Object<string, boolean>} Answer
 * @typedef {object} Item
 * @property {string} assignment the right to rate this picture
 * @property {string} title the series
 * @property {string} url where the browser keeps the picture
 * @property {Answer} answer what the buttons show
 * @property {?Answer} said what was last sent, or null
 * @property {number} revision of what was last sent; -1 before that
 * @typedef {object} Queue
 * @property {Item[]} items
 * @property {number} index of the active item; items.length where there is none
 * @property {boolean} finished the server has no more for now
 */

/** @returns {Queue} */
export function emptyQueue() {
  return { items: [], index: 0, finished: false };
}

/** @param {Queue} queue @returns {?Item} */
export function active(queue) {
  return queue.items[queue.index] ?? null;
}

/** @param {Queue} queue @param {Item[]} items @returns {Queue} with the items that are new at its end */
export function add(queue, items) {
  const known = new Set(queue.items.map((item) => item.assignment));
  return { ...queue, items: [...queue.items, ...items.filter((item) => !known.has(item.assignment))] };
}

/**
 * Begin with what the server gave again: rated ones are past.
 * @param {Item[]} items
 * @returns {Queue}
 */
export function resumed(items) {
  const past = items.filter((item) => item.said);
  const open = items.filter((item) => !item.said);
  return { items: [...past, ...open], index: past.length, finished: false };
}

/**
 * Prefer what this browser said last to what the server knows: it may still be on its way.
 * @param {Item} item
 * @param {?{answer: Answer, revision: number}} unsent
 * @returns {Item}
 */
export function caughtUp(item, unsent) {
  if (!unsent || unsent.revision <= item.revision) return item;
  return { ...item, answer: unsent.answer, said: unsent.answer, revision: unsent.revision };
}

/** @param {Queue} queue @returns {number} how many pictures to ask for now */
export function needs(queue) {
  if (queue.finished) return 0;
  const coming = queue.items.length - queue.index - 1;
  if (coming < 0) return 1;
  return coming < LOW_WATER ? FILL - coming : 0;
}

/** @param {Queue} queue @returns {boolean} */
export function canGoBack(queue) {
  return queue.index > 0;
}

/** @param {Queue} queue @returns {Queue} */
export function goBack(queue) {
  return canGoBack(queue) ? { ...queue, index: queue.index - 1 } : queue;
}

/**
 * Go to the next picture; the oldest past ones fall out.
 * @param {Queue} queue
 * @returns {{queue: Queue, dropped: Item[]}}
 */
export function advance(queue) {
  const index = Math.min(queue.index + 1, queue.items.length);
  const surplus = Math.max(0, index - REACH);
  return {
    queue: { ...queue, items: queue.items.slice(surplus), index: index - surplus },
    dropped: queue.items.slice(0, surplus),
  };
}

/** @param {Queue} queue @param {string} assignment @param {Partial<Item>} change @returns {Queue} */
export function changeItem(queue, assignment, change) {
  const items = queue.items.map((item) =>
    item.assignment === assignment ? { ...item, ...change } : item,
  );
  return { ...queue, items };
}

/**
 * Press or release a feature; the exclusive one releases the rest, and they release it.
 * @param {Answer} answer @param {string} key @param {string} exclusive
 * @returns {Answer}
 */
export function toggled(answer, key, exclusive) {
  const pressed = !answer[key];
  const changed = { ...answer, [key]: pressed };
  if (pressed) {
    for (const other of Object.keys(answer)) {
      if (other !== key && (key === exclusive || other === exclusive)) changed[other] = false;
    }
  }
  return changed;
}

/** @param {?Answer} one @param {?Answer} other @returns {boolean} */
export function sameAnswer(one, other) {
  if (!one || !other) return false;
  return Object.keys(one).every((key) => one[key] === other[key]);
}

/** @param {Queue} queue @returns {string[]} the assignments to ask for after a reload */
export function toResume(queue) {
  const first = Math.max(0, queue.index - RESUMED_PAST);
  return queue.items.slice(first, first + MAX_RESUMED).map((item) => item.assignment);
}

/** @param {any} value @returns {boolean} whether it may have been made by `toResume` */
export function canResume(value) {
  return (
    Array.isArray(value) &&
    value.length <= MAX_RESUMED &&
    value.every((each) => typeof each === "string" && UUID.test(each))
  );
}
