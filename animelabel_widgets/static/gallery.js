// The gallery: any rows as a grid of thumbnails, sorted, grouped, selected, and shown large.

import { element } from "./dom.js";
import { PATIENCE, SILENT } from "./gallery-fetch.js";
import { openGrid } from "./gallery-grid.js";
import { openLarge } from "./gallery-large.js";
import { isSelected, selectedRows, toggled, withRange } from "./gallery-selection.js";
import { openLink } from "./link.js";

/** @param {{model: any, el: HTMLElement}} context @returns {() => void} what ends it */
function render({ model, el }) {
  const clock = {
    setTimeout: (/** @type {() => void} */ work, /** @type {number} */ delay) => setTimeout(work, delay),
    clearTimeout: (/** @type {any} */ timer) => clearTimeout(timer),
  };
  const link = openLink(model, clock, Math.random);
  let shown = model.get("shown");
  let ranges = model.get("selected");
  let anchor = 0;
  let large = -1;
  let sending = 0;
  let saying = 0;
  let ended = false;
  let troubled = false;

  const heading = element("h2", { class: "al-heading" }, model.get("heading"));
  const status = element("p", { class: "al-place", role: "status", "data-al": "status" });
  const sort = choice("Sort", "sort");
  const group = choice("Group", "group");
  const turn = element("button", { type: "button", class: "al-turn", "data-al": "descending" });
  const grid = openGrid(link, clock, {
    isSelected: (row) => isSelected(ranges, row),
    selects: true,
    onNews: (came) => {
      if (came && troubled) tell();
    },
    onTrouble: (message) => {
      troubled = true;
      status.textContent = message;
    },
  });
  const root = element(
    "section",
    { class: "al-gallery", "data-al": "gallery", "aria-label": "Gallery", "data-lm-suppress-shortcuts": "true" },
    element("header", { class: "al-bar" }, heading, status, sort.label, turn, group.label),
    grid.box,
  );
  const view = openLarge(root, (step) => open(large + step), () => {
    large = -1;
    say({ kind: "close" }).catch(() => {});
    grid.box.focus({ preventScroll: true });
  });

  /** @param {any} message which picture is large; what the server had heard before is not followed */
  async function say(message) {
    saying += 1;
    let reply;
    try {
      reply = await link.request(message, PATIENCE);
    } finally {
      saying -= 1;
    }
    // By now the model has what was set for this message, or something newer.
    if (!saying && !ended && reply.content.kind !== "error") onOpened();
    return reply;
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

  /** @param {[number, number][]} wanted */
  async function select(wanted) {
    ranges = wanted;
    tell();
    grid.redraw();
    sending += 1;
    try {
      await link.request({ kind: "select", version: shown.version, ranges }, PATIENCE);
    } catch {
      status.textContent = SILENT;
    }
    sending -= 1;
    if (!sending) ranges = model.get("selected");
    grid.redraw();
  }

  /** @param {number} row */
  async function open(row) {
    if (row < 0 || row >= shown.count) return;
    large = row;
    grid.reveal(row);
    view.wait();
    try {
      const { content, buffers } = await say({ kind: "open", version: shown.version, row });
      if (large !== row || ended) return;
      if (content.kind === "image") view.show(content, buffers);
      else if (content.kind === "error") view.fail(content.message);
    } catch {
      if (!ended) view.fail(SILENT);
    }
  }

  grid.box.addEventListener("click", (event) => {
    const row = grid.rowOf(event.target);
    if (row === null) return;
    grid.touch(row);
    if (event.shiftKey) return void select(withRange(ranges, anchor, row));
    anchor = row;
    const onMark = /** @type {HTMLElement} */ (event.target).dataset.al === "check";
    if (event.ctrlKey || event.metaKey || onMark) return void select(toggled(ranges, row));
    open(row);
  });
  root.addEventListener("keydown", (event) => event.stopPropagation());
  grid.box.addEventListener("keydown", (event) => {
    const next = grid.rowAfter(event.key);
    if (event.altKey || !shown.count) return;
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "a") select([[0, shown.count - 1]]);
    else if (event.ctrlKey || event.metaKey) return;
    else if (next !== null) {
      grid.reveal(next);
      if (event.shiftKey) select(withRange(ranges, anchor, next));
      else anchor = next;
    } else if (event.key === " ") select(toggled(ranges, grid.active()));
    else if (event.key === "Enter") open(grid.active());
    else if (event.key === "Escape") select([]);
    else return;
    event.preventDefault();
  });

  const onShown = () => {
    shown = model.get("shown");
    grid.show(shown);
    anchor = grid.active();
    tools();
    tell();
  };
  const onSelected = () => {
    if (sending) return;
    ranges = model.get("selected");
    tell();
    grid.redraw();
  };
  const onOpened = () => {
    if (saying) return;
    const row = model.get("opened_row");
    if (row === null) view.close();
    else if (row !== large) open(row);
  };
  model.on("change:shown", onShown);
  model.on("change:selected", onSelected);
  model.on("change:opened_row", onOpened);

  tools();
  tell();
  el.append(root);
  grid.show(shown);
  if (model.get("opened_row") !== null) onOpened();
  return () => {
    ended = true;
    link.close();
    model.off("change:shown", onShown);
    model.off("change:selected", onSelected);
    model.off("change:opened_row", onOpened);
    grid.end();
    view.end();
    root.remove();
  };
}

export default { render };
