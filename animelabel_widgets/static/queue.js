// The pictures of a visit in their order: past, active, coming. Pure state, no page.

/** Fewer coming pictures than this make the page ask for more. */
export const LOW_WATER = 3;
/** How many coming pictures the page asks for. */
export const FILL = 7;
/** How many past pictures Back can reach. */
export const REACH = 100;
/** How many coming pictures a page remembers for a reload. */
const AHEAD = 10;
/** How many pictures are asked for in one message: ratings must not wait behind many. */
export const PORTION = 5;
/** Pictures so near to the active one are there before they are needed. */
const NEAR = 3;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * @typedef {Object<string, boolean>} Answer
 * @typedef {object} Item
 * @property {string} assignment the right to rate this picture
 * @property {string} title the series
 * @property {?string} url where the browser keeps the picture; null until it has come
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
 * Begin where the last page was; the pictures have still to come.
 * @param {{assignments: string[], index: number}} kept made by `toResume`
 * @returns {Queue}
 */
export function restored({ assignments, index }) {
  const items = assignments.map((assignment) => ({
    assignment,
    title: "",
    url: null,
    answer: {},
    said: null,
    revision: -1,
  }));
  return { items, index, finished: false };
}

/**
 * Put in pictures that were asked for again; those that did not come are no more.
 * @param {Queue} queue @param {string[]} asked @param {Item[]} items
 * @returns {Queue}
 */
export function filled(queue, asked, items) {
  const come = new Map(items.map((item) => [item.assignment, item]));
  const gone = asked.filter((assignment) => !come.has(assignment));
  const there = queue.items.map((item) => (item.url === null && come.get(item.assignment)) || item);
  return gone.reduce(without, { ...queue, items: there });
}

/** @param {Queue} queue @param {string} assignment @returns {Queue} */
export function without(queue, assignment) {
  const place = queue.items.findIndex((item) => item.assignment === assignment);
  if (place < 0) return queue;
  const items = queue.items.filter((_, each) => each !== place);
  return { ...queue, items, index: queue.index - Number(place < queue.index) };
}

/** @param {Queue} queue @returns {string[]} the pictures to ask for again, the nearest first */
export function missing(queue) {
  const places = [queue.index];
  for (let step = 1; step <= NEAR; step += 1) places.push(queue.index + step);
  for (let step = 1; step <= NEAR; step += 1) places.push(queue.index - step);
  const items = places.map((place) => queue.items[place]).filter((item) => item?.url === null);
  return items.slice(0, queue.items[queue.index]?.url === null ? 1 : NEAR).map((item) => item.assignment);
}

/**
 * Let the next picture that can be shown come first: a slow one blocks nobody. One of the former
 * page that is still asked for again has its place: it may have been rated.
 * @param {Queue} queue @param {(item: Item) => boolean} ready
 * @returns {Queue}
 */
export function preferReady(queue, ready) {
  const item = active(queue);
  if (!item || item.said || item.url === null || ready(item)) return queue;
  const place = queue.items.findIndex((each, at) => at > queue.index && !each.said && ready(each));
  if (place < 0) return queue;
  const items = queue.items.filter((_, at) => at !== place);
  items.splice(queue.index, 0, queue.items[place]);
  return { ...queue, items };
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

/**
 * @param {Queue} queue @param {number} [low] fewer coming pictures than these are too few
 * @returns {number} how many pictures to ask for now
 */
export function needs(queue, low = LOW_WATER) {
  if (queue.finished) return 0;
  const coming = queue.items.length - queue.index - 1;
  if (coming < 0) return 1;
  return coming < low ? FILL - coming : 0;
}

/** @param {Queue} queue @returns {boolean} */
export function canGoBack(queue) {
  return queue.index > 0;
}

/** @param {Queue} queue @returns {number} the place of the last picture that was shown */
export function frontier(queue) {
  const place = queue.items.findIndex((item, at) => at >= queue.index && !item.said);
  return place < 0 ? queue.items.length : place;
}

/**
 * Go back or forward among the pictures that were shown.
 * @param {Queue} queue @param {number} steps
 * @returns {Queue}
 */
export function moved(queue, steps) {
  const index = Math.min(Math.max(queue.index + steps, 0), frontier(queue));
  return { ...queue, index };
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

/** @param {Queue} queue @returns {{assignments: string[], index: number}} for after a reload */
export function toResume(queue) {
  const first = Math.max(0, queue.index - REACH);
  const items = queue.items.slice(first, queue.index + AHEAD);
  return { assignments: items.map((item) => item.assignment), index: queue.index - first };
}

/** @param {any} value @returns {boolean} whether it may have been made by `toResume` */
export function canResume(value) {
  return (
    Array.isArray(value?.assignments) &&
    value.assignments.length <= REACH + AHEAD &&
    value.assignments.every((/** @type {any} */ each) => typeof each === "string" && UUID.test(each)) &&
    Number.isInteger(value.index) &&
    value.index >= 0 &&
    value.index <= value.assignments.length
  );
}
