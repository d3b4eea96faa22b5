// A grid of thumbnails that scrolls through any number of rows: of a gallery, and of the reviewers' page.

import { element } from "./dom.js";
import { openFetcher } from "./gallery-fetch.js";
import { boxAt, heightAt, inSight, layOut, rowAfter, rowPlace, TALLEST } from "./gallery-layout.js";

const CELL = 180;
const GAP = 12;
const HEAD = 44;

/**
 * @typedef {object} Shown what the rows are
 * @property {number} version of their order
 * @property {number} count
 * @property {[string, number][]} groups
 * @property {any[]} lines whether there is one for captions, and one for badges
 *
 * @param {{request: (message: object, patience: number) => Promise<import("./link.js").Reply>}} link
 * @param {import("./link.js").Clock} clock
 * @param {object} page
 * @param {(row: number) => boolean} page.isSelected
 * @param {boolean} page.selects whether cells have a mark to select them by
 * @param {(came: boolean) => void} page.onNews
 * @param {(message: string) => void} page.onTrouble
 */
export function openGrid(link, clock, { isSelected, selects, onNews, onTrouble }) {
  const name = `al-${Math.random().toString(36).slice(2)}`;
  /** @type {Shown} */
  let shown = { version: 0, count: 0, groups: [], lines: [1, 1] };
  let layout = layOut(0, [], 1, 1, 0);
  let former = { scroll: 0, at: 0 };
  let width = -1;
  let cellWidth = 0;
  let active = 0;
  let ended = false;
  let drawing = 0;
  /** @type {Map<number, HTMLElement>} */
  const cells = new Map();
  /** @type {HTMLElement[]} */
  const spare = [];
  /** @type {WeakMap<HTMLElement, any[]>} what a cell shows, so that it is not filled in vain */
  const states = new WeakMap();
  /** @type {(() => void)[]} */
  let waiting = [];

  const space = element("div", { class: "al-space", role: "presentation" });
  const box = element("div", {
    class: "al-scroll", role: "listbox", tabindex: "0", "data-al": "grid", "aria-label": "Images",
    "aria-multiselectable": String(selects),
  }, space);
  const side = window.devicePixelRatio > 1.3 ? 480 : 240;
  const fetcher = openFetcher(link, clock, side, (came) => {
    onNews(came);
    redraw();
  }, (message) => {
    painted();
    onTrouble(message);
  });

  function painted() {
    for (const each of waiting.splice(0)) each();
  }

  function measure() {
    box.hidden = shown.count === 0;
    width = space.clientWidth;
    const columns = Math.max(2, Math.floor((width + GAP) / (CELL + GAP)));
    cellWidth = (width - GAP * (columns - 1)) / columns;
    const line = Math.round(cellWidth * 0.625) + 26 + 20 * shown.lines[0] + 26 * shown.lines[1] + GAP;
    layout = layOut(shown.count, shown.groups, columns, line, HEAD);
    space.style.height = `${Math.min(TALLEST, layout.height)}px`;
    box.style.setProperty("--al-cell", `${cellWidth}px`);
    box.style.setProperty("--al-line", `${line - GAP}px`);
  }

  /** @param {number} row @param {HTMLElement} cell */
  function release(row, cell) {
    cells.delete(row);
    spare.push(cell);
  }

  function freshCell() {
    const made = spare.pop();
    if (made?.isConnected) return made;
    const cell = made ?? element(
      "div",
      { class: "al-item", role: "option", "data-al": "item" },
      element("div", { class: "al-thumb" }),
      element("p", { class: "al-item-title" }),
      element("p", { class: "al-caption" }),
      element("p", { class: "al-badges" }),
      selects ? element("span", { class: "al-check", "aria-hidden": "true", "data-al": "check" }) : "",
    );
    space.append(cell);
    return cell;
  }

  /** @param {number} row @param {HTMLElement} cell */
  function fill(row, cell) {
    const words = fetcher.words(row);
    const picture = fetcher.picture(row);
    const selected = String(isSelected(row));
    if (cell.getAttribute("aria-selected") !== selected) cell.setAttribute("aria-selected", selected);
    cell.classList.toggle("al-active", row === active);
    const state = [shown, row, words, picture];
    if (states.get(cell)?.every((each, n) => each === state[n])) return;
    states.set(cell, state);
    const [thumb, title, caption, badges] = /** @type {HTMLElement[]} */ ([...cell.children]);
    cell.id = `${name}-${row}`;
    cell.dataset.row = String(row);
    cell.dataset.image = words ? String(words.image_id) : "";
    cell.setAttribute("aria-setsize", String(shown.count));
    cell.setAttribute("aria-posinset", String(row + 1));
    const said = words ? [words.title, words.caption, ...words.badges.map((/** @type {any} */ b) => b.text)] : ["Loading"];
    cell.setAttribute("aria-label", [words ? `Image ${words.image_id}` : "", ...said].filter(Boolean).join(", "));
    title.textContent = words?.title ?? "";
    caption.textContent = words?.caption ?? "";
    // Both may be cut.
    cell.title = [words?.title, words?.caption].filter(Boolean).join("\n");
    caption.hidden = !shown.lines[0];
    badges.replaceChildren(
      ...(words?.badges ?? []).map((/** @type {any} */ each) =>
        element("span", { class: `al-badge al-badge-${each.look}` }, each.text),
      ),
    );
    badges.hidden = !shown.lines[1];
    if (!picture) thumb.replaceChildren();
    else if (picture.url) thumb.replaceChildren(element("img", { src: picture.url, alt: "" }));
    else thumb.replaceChildren(element("span", { class: "al-missing" }, picture.said));
  }

  function draw() {
    drawing = 0;
    if (ended) return;
    if (space.clientWidth !== width) measure();
    const height = box.clientHeight;
    former = heightAt(former, box.scrollTop, height, layout.height);
    const { scroll, at } = former;
    if (scroll !== box.scrollTop) box.scrollTop = scroll;
    const found = inSight(layout, at - layout.line, at + height + layout.line);
    const wanted = new Set(found.rows);
    for (const [row, cell] of cells) if (!wanted.has(row)) release(row, cell);
    for (const each of space.querySelectorAll(".al-group")) each.remove();
    const shift = scroll - at;
    for (const { label, count, top } of found.heads) {
      const head = element("p", { class: "al-group", "aria-hidden": "true" }, `${label} · ${count.toLocaleString()}`);
      head.style.transform = `translateY(${top + shift}px)`;
      space.append(head);
    }
    for (const row of found.rows) {
      let cell = cells.get(row);
      if (!cell) {
        cell = freshCell();
        cells.set(row, cell);
      }
      fill(row, cell);
      const { top, column } = rowPlace(layout, row);
      const place = `translate(${column * (cellWidth + GAP)}px, ${top + shift}px)`;
      if (cell.style.transform !== place) cell.style.transform = place;
    }
    for (const cell of spare) cell.remove();
    if (cells.has(active)) box.setAttribute("aria-activedescendant", `${name}-${active}`);
    else box.removeAttribute("aria-activedescendant");
    fetcher.look(found.rows);
    if (found.rows.every((row) => fetcher.picture(row))) painted();
  }

  function redraw() {
    if (!drawing) drawing = requestAnimationFrame(draw);
  }

  const sizes = new ResizeObserver(redraw);
  sizes.observe(box);
  box.addEventListener("scroll", redraw, { passive: true });

  return {
    box,
    redraw,
    active: () => active,
    /** @param {number} row */
    words: (row) => fetcher.words(row),
    /** @param {Shown} next from now on; thumbnails of former rows are forgotten */
    show(next) {
      shown = next;
      fetcher.forget(shown.version);
      for (const [row, cell] of cells) {
        release(row, cell);
        // Who clicks before the next frame would mean another row than the one that he gets.
        cell.remove();
      }
      active = Math.min(active, Math.max(0, shown.count - 1));
      width = -1;
      redraw();
    },
    /** The words in sight are read again, the thumbnails are kept. */
    reread() {
      fetcher.reread();
      redraw();
    },
    /** @returns {Promise<void>} when all in sight is painted, or cannot be */
    painted: () => new Promise((resolve) => {
      waiting.push(resolve);
      redraw();
    }),
    /** @param {number} row that the keys start from */
    touch(row) {
      active = row;
      redraw();
    },
    /** @param {number} row made active, and brought into sight */
    reveal(row) {
      active = row;
      const { top } = rowPlace(layout, row);
      const height = box.clientHeight;
      let at = former.at;
      if (top < at) at = top;
      if (top + layout.line > at + height) at = top + layout.line - height;
      if (at !== former.at) {
        box.scrollTop = boxAt(at, height, layout.height);
        former = { scroll: box.scrollTop, at };
      }
      redraw();
    },
    /** @param {string} key @returns {?number} the row that it leads to */
    rowAfter: (key) => rowAfter(layout, active, key, Math.max(1, Math.floor(box.clientHeight / layout.line))),
    /** @param {EventTarget?} target @returns {?number} the row that it belongs to */
    rowOf(target) {
      const cell = /** @type {?HTMLElement} */ (/** @type {HTMLElement} */ (target).closest("[data-al=item]"));
      return cell ? Number(cell.dataset.row) : null;
    },
    end() {
      ended = true;
      sizes.disconnect();
      fetcher.forget(shown.version);
    },
  };
}
