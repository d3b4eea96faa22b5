// The reviewers' page: its parts, and what they say to the server.
//
// A little longer than others, because it is the one place where all parts of the page meet.

import { element, isHeldEnter } from "./dom.js";
import { SILENT } from "./gallery-fetch.js";
import { openGrid } from "./gallery-grid.js";
import { openLink } from "./link.js";
import { openDashboard } from "./review-dashboard.js";
import { openFilters } from "./review-filters.js";
import { openPanel } from "./review-panel.js";
import { openLatest, pressable } from "./review-parts.js";
import { openVolunteers } from "./review-volunteers.js";
import { openBox } from "./storage.js";

const REPLY_WITHIN = 120_000;
const NAME = "reviewer";
const NO_ANSWER = "The server does not answer just now: try again. Nothing is stored twice.";
const TABS = [["images", "Images"], ["dashboard", "Dashboard"], ["volunteers", "Volunteers"]];

/** @param {{model: any, el: HTMLElement}} context @returns {() => void} what ends it */
function render({ model, el }) {
  const clock = {
    setTimeout: (/** @type {() => void} */ work, /** @type {number} */ delay) => setTimeout(work, delay),
    clearTimeout: (/** @type {any} */ timer) => clearTimeout(timer),
  };
  const link = openLink(model, clock, Math.random);
  const box = openBox(() => localStorage, "animelabel-");
  const known = Object.fromEntries(["labels", "exclusive", "states", "reasons", "series"].map((each) => [each, model.get(each)]));
  let version = 0;
  let total = 0;
  let row = -1;
  let busy = false;
  const finding = openLatest();
  const opening = openLatest();
  /** @type {?Promise<any>} */
  let greeting = null;
  /** @type {any} */
  let undoable = null;

  const said = element("p", { class: "alr-said", role: "status", "aria-live": "polite", "data-al": "said" });
  const undo = pressable("undo", "Undo", () => act({ kind: "undo", act: undoable.act }));
  const grid = openGrid({ request }, clock, {
    isSelected: () => false,
    selects: false,
    onNews: () => {},
    onTrouble: (message) => say(message === SILENT ? NO_ANSWER : message),
  });
  const filters = openFilters(/** @type {any} */ (known), find);
  const dashboard = openDashboard(model.get("plots"), ask);
  const volunteers = openVolunteers(ask, act);
  const panel = openPanel(/** @type {any} */ (known), {
    act,
    move: (step) => open(row + step, step > 0 ? "That was the last one." : "This is the first one."),
    undoable: () => undoable,
    onClose: () => {
      opening();
      grid.reread();
      grid.box.focus({ preventScroll: true });
    },
  });
  const parts = {
    images: element("div", { class: "alr-images" }, filters.node, element("div", { class: "al-gallery" }, grid.box)),
    dashboard: dashboard.node,
    volunteers: volunteers.node,
  };
  const tabs = element("div", { class: "alr-tabs", role: "tablist", "aria-label": "Review" }, ...TABS.map(tab));
  const root = element(
    "main",
    { class: "alr", "data-al": "review", "data-lm-suppress-shortcuts": "true", "data-state": "starting" },
    element("header", { class: "alr-head" }, element("h1", {}, "Review"), tabs, said, undo, pressable("refresh", "Refresh", load)),
    ...Object.entries(parts).map(([name, part]) => {
      for (const [key, value] of [["id", `alr-${name}`], ["role", "tabpanel"], ["aria-label", name]]) part.setAttribute(key, value);
      return part;
    }),
    panel.node,
  );
  if (model.get("app")) {
    root.classList.add("alr-app");
    document.title = "Review";
  }
  // A notebook around it has keys of its own.
  root.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (isHeldEnter(event)) event.preventDefault();
  });
  grid.box.addEventListener("click", (event) => {
    const clicked = grid.rowOf(event.target);
    if (clicked !== null) open(clicked);
  });
  grid.box.addEventListener("keydown", (event) => {
    const next = grid.rowAfter(event.key);
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (next !== null) grid.reveal(next);
    else if (event.key === "Enter" || event.key === " ") open(grid.active());
    else return;
    event.preventDefault();
  });
  el.append(root);
  choose("images");
  showUndo(null);
  const name = box.get(NAME);
  if (name) start(name);
  else askName();

  /** @param {string[]} names */
  function tab([key, text]) {
    const made = pressable(`tab-${key}`, text, () => choose(key));
    made.setAttribute("role", "tab");
    made.setAttribute("aria-controls", `alr-${key}`);
    made.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const at = TABS.findIndex(([each]) => each === key);
      const [next] = TABS[(at + step + TABS.length) % TABS.length];
      choose(next);
      /** @type {HTMLElement} */ (tabs.querySelector(`[data-al=tab-${next}]`)).focus();
    });
    return made;
  }

  /** @param {string} chosen one of the tabs */
  function choose(chosen) {
    for (const [key, part] of Object.entries(parts)) {
      part.hidden = key !== chosen;
      const button = /** @type {HTMLElement} */ (tabs.querySelector(`[data-al=tab-${key}]`));
      button.setAttribute("aria-selected", String(key === chosen));
      button.tabIndex = key === chosen ? 0 : -1;
    }
    root.dataset.tab = chosen;
    if (chosen === "dashboard") dashboard.look();
    if (chosen === "volunteers") volunteers.look();
    if (chosen === "images") grid.reread();
  }

  function focusTab() {
    /** @type {?HTMLElement} */ (tabs.querySelector("[aria-selected=true]"))?.focus();
  }

  function askName() {
    const field = element("input", { id: "alr-name", maxlength: "100", required: "", autocomplete: "name" });
    const form = element(
      "form",
      { class: "alr-ask", "data-al": "ask-name" },
      element("label", { for: "alr-name" }, "Your name, which is kept with what you decide:"),
      field,
      element("button", { class: "alr-button" }, "Begin"),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const given = /** @type {HTMLInputElement} */ (field).value.trim();
      if (!given) return;
      box.set(NAME, given);
      form.remove();
      root.dataset.state = "starting";
      focusTab();
      start(given);
    });
    root.dataset.state = "nameless";
    parts.images.before(form);
    field.focus();
  }

  /** @param {string} reviewer */
  async function start(reviewer) {
    const reply = await ask({ kind: "hello", reviewer });
    if (!reply) return;
    showFound(reply.content);
    await grid.painted();
    await load();
  }

  async function load() {
    if (!(await ask({ kind: "load" }))) return;
    root.dataset.state = "ready";
    await find();
    if (root.dataset.tab !== "images") choose(root.dataset.tab ?? "images");
  }

  /** @param {any} message @param {number} patience @returns {Promise<import("./link.js").Reply>} */
  async function request(message, patience) {
    const reply = await link.request(message, patience);
    const reviewer = box.get(NAME);
    if (reply.content.code !== "no-hello" || !reviewer) return reply;
    // After a failure of the server, another widget answers, which knows neither name nor filter.
    const first = greeting === null;
    greeting ??= link.request({ kind: "hello", reviewer }, REPLY_WITHIN).finally(() => {
      greeting = null;
    });
    const greeted = await greeting;
    if (greeted.content.kind === "error") return greeted;
    const answer = await link.request(message, patience);
    if (first && message.kind !== "load") load();
    return answer;
  }

  /** @param {object} message @returns {Promise<?import("./link.js").Reply>} null where it failed */
  async function ask(message) {
    try {
      const reply = await request(message, REPLY_WITHIN);
      if (reply.content.kind === "error") {
        if (reply.content.code === "malformed") box.remove(NAME);
        say(reply.content.message);
        return null;
      }
      return reply;
    } catch {
      say(NO_ANSWER);
      return null;
    }
  }

  /** @param {string} text */
  function say(text) {
    said.textContent = text;
    panel.say(text);
  }

  async function find() {
    const isLatest = finding();
    const reply = await ask({ kind: "find", filter: filters.filter() });
    if (reply && isLatest()) showFound(reply.content);
  }

  /** @param {any} found */
  function showFound(found) {
    version = found.version;
    total = found.total;
    showUndo(found.undoable);
    grid.show({ version, count: total, groups: [], lines: [1, 1] });
    if (found.partial) say("The hardest images; all others are being read …");
    else if (total === 0) say("No image matches this filter: take some of it away.");
    else say(total === 1 ? "1 image" : `${total.toLocaleString("en")} images`);
  }

  /** @param {number} wanted a row @returns {Promise<any>} of a new list, where the former one is there no more */
  async function wordsOf(wanted) {
    const rows = () => ask({ kind: "rows", version, first: wanted, count: 1 });
    let reply = await rows();
    if (reply?.content.kind === "stale") {
      await find();
      reply = await rows();
    }
    return reply?.content.rows?.[0];
  }

  /** @param {number} wanted a row @param {string} [beyond] what to say where there is none */
  async function open(wanted, beyond = "") {
    if (wanted < 0 || wanted >= total) return say(beyond);
    const isLatest = opening();
    const words = grid.words(wanted) ?? (await wordsOf(wanted));
    const reply = words && isLatest() && (await ask({ kind: "open", image: words.image_id }));
    if (!isLatest()) return;
    if (reply?.content.kind !== "image") return say(reply?.content.message ?? "This list is no longer there: filter again.");
    row = wanted;
    grid.reveal(row);
    showUndo(reply.content.undoable);
    panel.show(reply);
  }

  /** @param {object} message @returns {Promise<boolean>} whether it was done */
  async function act(message) {
    if (busy) return false;
    busy = true;
    const reply = await ask(message);
    busy = false;
    if (!reply) return false;
    const { content } = reply;
    if (content.kind === "refused") {
      say(content.message);
      return false;
    }
    showUndo(content.undoable);
    if (content.kind === "conflict") {
      const other = content.acts[0];
      const what = other.answer ? `: ${panel.names(other.answer)}` : "";
      panel.show(reply, `${other.reviewer} was first (${other.kind}${what}). Nothing of yours was stored: decide again.`);
      return false;
    }
    const text = content.done === "undo" ? "Undone." : "Stored.";
    if (panel.isOpen() && content.kind === "image") panel.show(reply, text);
    else {
      say(text);
      grid.reread();
      if (panel.isOpen()) await open(row);
      if (content.done === "undo" && root.dataset.tab === "volunteers") volunteers.look();
    }
    return true;
  }

  /** @param {any} latest what Undo would take back */
  function showUndo(latest) {
    undoable = latest;
    // A button that goes out of use would take the focus with it, and so the keys.
    if (latest === null && undo.matches(":focus")) focusTab();
    undo.toggleAttribute("disabled", latest === null);
    undo.title = latest === null ? "" : `${latest.kind} ${latest.image ? `image ${latest.image}` : `volunteer ${latest.volunteer}`}`;
  }

  return () => {
    link.close();
    grid.end();
    panel.end();
    root.remove();
  };
}

export default { render };
