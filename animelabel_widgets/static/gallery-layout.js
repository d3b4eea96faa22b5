// Where the rows of a gallery stand: which are in sight, and where a key leads. No page is needed.

/** Browsers forget what is further down; a longer gallery scrolls in a shorter box. */
export const TALLEST = 8_000_000;

/**
 * @typedef {{label: string, first: number, count: number, top: number, head: number}} Section
 * @typedef {{sections: Section[], columns: number, line: number, height: number, count: number}} Layout
 */

/**
 * @param {number} count @param {[string, number][]} groups none where all rows are one
 * @param {number} columns cells in a line @param {number} line the height of one
 * @param {number} head the height of a group's name
 * @returns {Layout}
 */
export function layOut(count, groups, columns, line, head) {
  const sections = [];
  let first = 0;
  let top = 0;
  for (const [label, size] of groups.length ? groups : [["", count]]) {
    const mine = groups.length ? head : 0;
    sections.push({ label: String(label), first, count: Number(size), top, head: mine });
    first += Number(size);
    top += mine + Math.ceil(Number(size) / columns) * line;
  }
  return { sections, columns, line, height: top, count };
}

/** @param {Section[]} sections @param {(section: Section) => boolean} before @returns {number} */
function lastWhere(sections, before) {
  let low = 0;
  let high = sections.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (before(sections[middle])) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** @param {Layout} layout @param {number} row @returns {{top: number, column: number}} */
export function rowPlace(layout, row) {
  const section = layout.sections[lastWhere(layout.sections, (each) => each.first <= row)];
  const inside = row - section.first;
  const line = Math.floor(inside / layout.columns);
  return { top: section.top + section.head + line * layout.line, column: inside % layout.columns };
}

/**
 * @param {Layout} layout @param {number} top @param {number} bottom
 * @returns {{heads: Section[], rows: number[]}} what is between two heights
 */
export function inSight(layout, top, bottom) {
  const heads = [];
  const rows = [];
  const { sections, columns, line } = layout;
  for (let at = lastWhere(sections, (each) => each.top <= top); at < sections.length; at += 1) {
    const section = sections[at];
    if (section.top >= bottom) break;
    if (section.head && section.top + section.head > top) heads.push(section);
    const start = section.top + section.head;
    const from = Math.max(0, Math.floor((top - start) / line)) * columns;
    const to = Math.min(section.count, Math.max(0, Math.ceil((bottom - start) / line)) * columns);
    for (let row = from; row < to; row += 1) rows.push(section.first + row);
  }
  return { heads, rows };
}

/**
 * @param {Layout} layout @param {number} row @param {string} key @param {number} page lines in sight
 * @returns {?number} the row that a key leads to, null where it leads nowhere
 */
export function rowAfter(layout, row, key, page) {
  const last = layout.count - 1;
  const down = (/** @type {number} */ lines) => {
    let found = row;
    for (let n = 0; n < Math.abs(lines); n += 1) found = nextLine(layout, found, Math.sign(lines));
    return found;
  };
  switch (key) {
    case "ArrowRight": return Math.min(last, row + 1);
    case "ArrowLeft": return Math.max(0, row - 1);
    case "ArrowDown": return down(1);
    case "ArrowUp": return down(-1);
    case "PageDown": return down(page);
    case "PageUp": return down(-page);
    case "Home": return 0;
    case "End": return last;
    default: return null;
  }
}

/** @param {Layout} layout @param {number} row @param {number} step @returns {number} */
function nextLine(layout, row, step) {
  const { sections, columns } = layout;
  const at = lastWhere(sections, (each) => each.first <= row);
  const section = sections[at];
  const column = (row - section.first) % columns;
  const line = Math.floor((row - section.first) / columns) + step;
  const lines = Math.ceil(section.count / columns);
  if (line >= 0 && line < lines) return section.first + Math.min(section.count - 1, line * columns + column);
  const other = sections[at + step];
  if (!other) return row;
  const start = step > 0 ? 0 : (Math.ceil(other.count / columns) - 1) * columns;
  return other.first + Math.min(other.count - 1, start + column);
}

/**
 * Which heights go together where a gallery is longer than its box: those near an end are as far
 * from it in both, those between are in proportion.
 *
 * @param {number} view height of the box @param {number} height of all
 * @returns {[number, number, number][]} pieces of the way: the start in all, in the box, and how
 * far one pixel of the box leads
 */
function pieces(view, height) {
  const near = 10 * view;
  const end = height - view;
  const room = TALLEST - view;
  return [
    [0, 0, 1],
    [near, near, (end - 2 * near) / (room - 2 * near)],
    [end - near, room - near, 1],
  ];
}

/** @param {number} at a height of all @param {number} view @param {number} height @returns {number} the box's scroll */
export function boxAt(at, view, height) {
  if (height <= TALLEST) return at;
  const found = pieces(view, height).filter(([start]) => start <= at).at(-1) ?? [0, 0, 1];
  return Math.round(found[1] + (at - found[0]) / found[2]);
}

/**
 * Where a long gallery stands: small steps are exact, and jumps go by proportion.
 *
 * Small steps let the box and the rows drift apart; before either comes to an end, the box is
 * moved to where the rows are.
 *
 * @param {{scroll: number, at: number}} former
 * @param {number} scroll of the box @param {number} view its height @param {number} height of all
 * @returns {{scroll: number, at: number}} the height at its upper edge, and the scroll the box needs
 */
export function heightAt(former, scroll, view, height) {
  if (height <= TALLEST) return { scroll, at: scroll };
  const end = height - view;
  const [, between, last] = pieces(view, height);
  const step = scroll - former.scroll;
  if (Math.abs(step) >= view) {
    const [start, box, share] = scroll >= last[1] ? last : scroll >= between[1] ? between : [0, 0, 1];
    return { scroll, at: Math.min(end, Math.max(0, start + (scroll - box) * share)) };
  }
  const at = Math.min(end, Math.max(0, former.at + step));
  const nearEnd = Math.min(scroll, at) < between[0] || scroll > last[1] || at > last[0];
  const fitting = boxAt(at, view, height);
  return { scroll: nearEnd && Math.abs(fitting - scroll) > 1 ? fitting : scroll, at };
}
