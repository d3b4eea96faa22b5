// The gallery: a grid of thumbnails that scrolls through any number of rows.
//
// Above 300 lines, as drawing, selecting and keys share the rows in sight; what needs no page is in
// the modules beside it.

import { element } from "./dom.js";
import { openFetcher, PATIENCE, SILENT } from "./gallery-fetch.js";
import { boxAt, heightAt, inSight, layOut, rowAfter, rowPlace, TALLEST } from "./gallery-layout.js";
import { openLarge } from "./gallery-large.js";
import { isSelected, selectedRows, toggled, withRange } from "./gallery-selection.js";
import { openLink } from "./link.js";

const CELL = 180;
const GAP = 12;
const HEAD = 44;

/** @param {{model: any, el: HTMLElement}} context @returns {() => void} what ends it */
function render({ model, el }) {
  const clock = {
    setTimeout: (/** @type {() => void} */ work, /** @type {number} */ delay) => setTimeout(work, delay),
    clearTimeout: (/** @type {any} */ timer) => clearTimeout(timer),
  };
  const link = openLink(model, clock, Math.random);
  const name = `al-${Math.random().toString(36).slice(2)}`;
  let shown = model.get("shown");
  let ranges = model.get("selected");
  let layout = layOut(0, [], 1, 1, 0);
  let former = { scroll: 0, at: 0 };
  let width = 0;
  let cellWidth = 0;
  let active = 0;
  let anchor = 0;
  let large = -1;
  let sending = 0;
  let ended = false;
  let drawing = 0;
  /** @type {Map<number, HTMLElement>} */
  const cells = new Map();
  /** @type {HTMLElement[]} */
  const spare = [];
  /** @type {WeakMap<HTMLElement, string>} what a cell shows, so that it is not filled in vain */
  const states = new WeakMap();
  let troubled = false;

  const heading = element("h2", { class: "al-heading" }, model.get("heading"));
  const status = element("p", { class: "al-place", role: "status", "data-al": "status" });
  const sort = choice("Sort", "sort");
  const group = choice("Group", "group");
  const turn = element("button", { type: "button", class: "al-turn", "data-al": "descending" });
  const space = element("div", { class: "al-space", role: "presentation" });
  const grid = element("div", {
    class: "al-scroll", role: "listbox", tabindex: "0", "data-al": "grid",
    "aria-label": "Images", "aria-multiselectable": "true",
  }, space);
  const root = element(
    "section",
    { class: "al-gallery", "data-al": "gallery", "aria-label": "Gallery", "data-lm-suppress-shortcuts": "true" },
    element("header", { class: "al-bar" }, heading, status, sort.label, turn, group.label),
    grid,
  );
  const view = openLarge(root, (step) => open(large + step), () => {
    large = -1;
    link.request({ kind: "close" }, PATIENCE).catch(() => {});
    grid.focus({ preventScroll: true });
  });

  const fetcher = openFetcher(link, clock, window.devicePixelRatio > 1.3 ? 480 : 240, onNews, (message) => {
    troubled = true;
    status.textContent = message;
  });

  /** @param {boolean} came */
  function onNews(came) {
    if (came && troubled) tell();
    redraw();
  }

  /** @param {string} text @param {string} role */
  function choice(text, role) {
    const select = /** @type {HTMLSelectElement} */ (element("select", { class: "al-choice", "data-al": role }));
    select.addEventListener("change", arrange);
    return { select, label: element("label", { class: "al-label" }, text, select) };
  }

  async function arrange() {
    const wanted = {
      sort: sort.select.value || null,
      group: group.select.value || null,
      descending: turn.getAttribute("aria-pressed") === "true",
    };
    try {
      const { content } = await link.request({ kind: "arrange", ...wanted }, PATIENCE);
      if (content.kind === "error") {
        tools();
        status.textContent = content.message;
      }
    } catch {
      status.textContent = SILENT;
    }
  }

  turn.addEventListener("click", () => {
    turn.setAttribute("aria-pressed", String(turn.getAttribute("aria-pressed") !== "true"));
    arrange();
  });

  function tools() {
    for (const [each, now] of [[sort.select, shown.sort], [group.select, shown.group]]) {
      const names = ["", ...shown.columns];
      each.replaceChildren(...names.map((/** @type {string} */ text) => element("option", { value: text }, text || "–")));
      each.value = now ?? "";
    }
    turn.setAttribute("aria-pressed", String(shown.descending));
    turn.textContent = shown.descending ? "↓ Descending" : "↑ Ascending";
  }

  function tell() {
    troubled = false;
    const chosen = selectedRows(ranges);
    const images = shown.count === 1 ? "1 image" : `${shown.count.toLocaleString()} images`;
    const said = chosen ? `${images} · ${chosen.toLocaleString()} selected` : images;
    status.textContent = shown.count ? said : "No image matches: widen the filter.";
  }

  function forget() {
    fetcher.forget(shown.version);
    for (const [row, cell] of cells) release(row, cell);
  }

  function measure() {
    width = space.clientWidth;
    const columns = Math.max(2, Math.floor((width + GAP) / (CELL + GAP)));
    cellWidth = (width - GAP * (columns - 1)) / columns;
    const line = Math.round(cellWidth * 0.625) + 26 + 20 * shown.lines[0] + 26 * shown.lines[1] + GAP;
    layout = layOut(shown.count, shown.groups, columns, line, HEAD);
    grid.hidden = shown.count === 0;
    space.style.height = `${Math.min(TALLEST, layout.height)}px`;
    grid.style.setProperty("--al-cell", `${cellWidth}px`);
    grid.style.setProperty("--al-line", `${line - GAP}px`);
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
      element("span", { class: "al-check", "aria-hidden": "true", "data-al": "check" }),
      element("p", { class: "al-item-title" }),
      element("p", { class: "al-caption" }),
      element("p", { class: "al-badges" }),
    );
    space.append(cell);
    return cell;
  }

  /** @param {number} row @param {HTMLElement} cell */
  function fill(row, cell) {
    const words = fetcher.words(row);
    const picture = fetcher.picture(row);
    const selected = String(isSelected(ranges, row));
    if (cell.getAttribute("aria-selected") !== selected) cell.setAttribute("aria-selected", selected);
    cell.classList.toggle("al-active", row === active);
    const state = `${shown.version} ${row} ${words ? 1 : 0} ${picture ? 1 : 0}`;
    if (states.get(cell) === state) return;
    states.set(cell, state);
    const [thumb, , title, caption, badges] = /** @type {HTMLElement[]} */ ([...cell.children]);
    cell.id = `${name}-${row}`;
    cell.dataset.row = String(row);
    cell.dataset.image = words ? String(words.image_id) : "";
    cell.setAttribute("aria-setsize", String(shown.count));
    cell.setAttribute("aria-posinset", String(row + 1));
    const said = words ? [words.title, words.caption, ...words.badges.map((/** @type {any} */ b) => b.text)] : ["Loading"];
    cell.setAttribute("aria-label", [words ? `Image ${words.image_id}` : "", ...said].filter(Boolean).join(", "));
    title.textContent = words?.title ?? "";
    caption.textContent = words?.caption ?? "";
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
    const height = grid.clientHeight;
    former = heightAt(former, grid.scrollTop, height, layout.height);
    const { scroll, at } = former;
    if (scroll !== grid.scrollTop) grid.scrollTop = scroll;
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
    if (cells.has(active)) grid.setAttribute("aria-activedescendant", `${name}-${active}`);
    else grid.removeAttribute("aria-activedescendant");
    fetcher.look(found.rows);
  }

  function redraw() {
    if (!drawing) drawing = requestAnimationFrame(draw);
  }

  /** @param {[number, number][]} wanted */
  async function select(wanted) {
    ranges = wanted;
    tell();
    redraw();
    sending += 1;
    try {
      await link.request({ kind: "select", version: shown.version, ranges }, PATIENCE);
    } catch {
      status.textContent = SILENT;
    }
    sending -= 1;
    if (!sending) ranges = model.get("selected");
    redraw();
  }

  /** @param {number} row */
  function reveal(row) {
    active = row;
    const { top } = rowPlace(layout, row);
    const height = grid.clientHeight;
    let at = former.at;
    if (top < at) at = top;
    if (top + layout.line > at + height) at = top + layout.line - height;
    if (at !== former.at) {
      grid.scrollTop = boxAt(at, height, layout.height);
      former = { scroll: grid.scrollTop, at };
    }
    redraw();
  }

  /** @param {number} row */
  async function open(row) {
    if (row < 0 || row >= shown.count) return;
    large = row;
    reveal(row);
    view.wait();
    try {
      const { content, buffers } = await link.request({ kind: "open", version: shown.version, row }, PATIENCE);
      if (large !== row || ended) return;
      if (content.kind === "image") view.show(content, buffers);
      else if (content.kind === "error") view.fail(content.message);
    } catch {
      if (!ended) view.fail(SILENT);
    }
  }

  grid.addEventListener("scroll", redraw, { passive: true });
  grid.addEventListener("click", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const cell = /** @type {?HTMLElement} */ (target.closest("[data-al=item]"));
    if (!cell) return;
    const row = Number(cell.dataset.row);
    active = row;
    if (event.shiftKey) return void select(withRange(ranges, anchor, row));
    anchor = row;
    if (event.ctrlKey || event.metaKey || target.dataset.al === "check") return void select(toggled(ranges, row));
    open(row);
  });
  root.addEventListener("keydown", (event) => event.stopPropagation());
  grid.addEventListener("keydown", (event) => {
    const page = Math.max(1, Math.floor(grid.clientHeight / layout.line));
    const next = rowAfter(layout, active, event.key, page);
    if (event.altKey || !shown.count) return;
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "a") select([[0, shown.count - 1]]);
    else if (event.ctrlKey || event.metaKey) return;
    else if (next !== null) {
      reveal(next);
      if (event.shiftKey) select(withRange(ranges, anchor, next));
      else anchor = next;
    } else if (event.key === " ") select(toggled(ranges, active));
    else if (event.key === "Enter") open(active);
    else if (event.key === "Escape") select([]);
    else return;
    event.preventDefault();
  });

  const onShown = () => {
    shown = model.get("shown");
    forget();
    active = Math.min(active, Math.max(0, shown.count - 1));
    anchor = active;
    width = 0;
    tools();
    tell();
    redraw();
  };
  const onSelected = () => {
    if (sending) return;
    ranges = model.get("selected");
    tell();
    redraw();
  };
  const onOpened = () => {
    const row = model.get("opened_row");
    if (row === null) view.close();
    else if (row !== large) open(row);
  };
  model.on("change:shown", onShown);
  model.on("change:selected", onSelected);
  model.on("change:opened_row", onOpened);
  const sizes = new ResizeObserver(redraw);

  fetcher.forget(shown.version);
  tools();
  tell();
  el.append(root);
  sizes.observe(grid);
  redraw();
  if (model.get("opened_row") !== null) onOpened();
  return () => {
    ended = true;
    link.close();
    sizes.disconnect();
    model.off("change:shown", onShown);
    model.off("change:selected", onSelected);
    model.off("change:opened_row", onOpened);
    forget();
    view.end();
    root.remove();
  };
}

export default { render };
