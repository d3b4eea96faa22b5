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
 * Where a long gallery stands: small steps are exact, and jumps go by proportion.
 *
 * @param {{scroll: number, at: number}} former
 * @param {number} scroll of the box @param {number} view its height @param {number} height of all
 * @returns {number} the height at its upper edge
 */
export function heightAt(former, scroll, view, height) {
  if (height <= TALLEST) return scroll;
  const room = TALLEST - view;
  if (scroll <= 0) return 0;
  if (scroll >= room - 1) return height - view;
  const step = scroll - former.scroll;
  const at = Math.abs(step) < view ? former.at + step : (scroll / room) * (height - view);
  return Math.min(height - view, Math.max(0, at));
}
