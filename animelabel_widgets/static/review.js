// The reviewers' page: the counts, the filters, the thumbnails, and the panel that settles an image.

import { meaningOf, openFilter, pressed, standing } from "./deciding.js";
import { element, pictureUrl } from "./dom.js";
import { openLink } from "./link.js";

const PATIENCE = 60_000;
const PAGE = 24;
const NAME = "animelabel-reviewer";

/** @param {string} state of an image */
function shownState(state) {
  return state === "open" ? "in the pool" : state;
}

/** @param {{model: any, el: HTMLElement}} context @returns {() => void} what ends it */
function render({ model, el }) {
  const clock = {
    setTimeout: (/** @type {() => void} */ work, /** @type {number} */ delay) => setTimeout(work, delay),
    clearTimeout: (/** @type {any} */ timer) => clearTimeout(timer),
  };
  const link = openLink(model, clock, Math.random);
  const labels = model.get("labels");
  const keys = labels.map((/** @type {any} */ label) => label.key);
  const states = model.get("states").map(shownState);
  const names = (/** @type {string[]} */ said) =>
    labels.filter((/** @type {any} */ label) => said.includes(label.key)).map((/** @type {any} */ label) => label.name).join(", ") || "nothing of these";
  const reasons = model.get("reasons");
  let filter = openFilter(keys);
  let version = 0;
  let total = 0;
  /** @type {any[]} */
  let items = [];
  let asking = false;
  let asked = 0;
  /** @type {any} */
  let image = null;
  /** @type {Object<string, boolean>} */
  let answer = {};
  /** @type {any} */
  let undoable = null;
  let busy = false;

  const said = element("p", { class: "alr-said", role: "status", "aria-live": "polite", "data-al": "said" });
  const counts = element("dl", { class: "alr-counts", "data-al": "dashboard" });
  const grid = element("ul", { class: "alr-grid", "data-al": "grid" });
  const end = element("div", { class: "alr-end", "aria-hidden": "true" });
  const undo = button("undo", "Undo", () => act({ kind: "undo", act: undoable.act }));
  const refresh = button("refresh", "Refresh", load);
  const form = filters();
  const panel = /** @type {HTMLDialogElement} */ (
    element("dialog", { class: "alr-panel", "data-al": "panel", "aria-label": "Settle an image" })
  );
  const root = element(
    "main",
    { class: "alr", "data-al": "review", "data-lm-suppress-shortcuts": "true", "data-state": "starting" },
    element("header", { class: "alr-head" }, element("h1", {}, "Review"), said, undo, refresh),
    counts,
    form,
    grid,
    end,
    panel,
  );
  const watcher = new IntersectionObserver((seen) => seen.some((each) => each.isIntersecting) && more());
  watcher.observe(end);
  panel.addEventListener("keydown", onKey);
  panel.addEventListener("close", () => {
    forget(panel);
    const opened = image;
    image = null;
    /** @type {?HTMLElement} */ (grid.querySelector(`[data-image="${opened?.image_id}"]`))?.focus();
  });
  el.append(root);
  showUndo(null);
  const name = localStorage.getItem(NAME);
  if (name) start(name);
  else askName();

  /** @param {string} role @param {string} text @param {() => void} onPress */
  function button(role, text, onPress) {
    const made = element("button", { type: "button", class: "alr-button", "data-al": role }, text);
    made.addEventListener("click", onPress);
    return made;
  }

  /** @param {HTMLElement} node whose pictures are no longer needed */
  function forget(node) {
    for (const each of node.querySelectorAll("img")) URL.revokeObjectURL(each.src);
    node.replaceChildren();
  }

  function askName() {
    const field = element("input", { id: "alr-name", maxlength: "100", required: "", autocomplete: "name" });
    const ask = element(
      "form",
      { class: "alr-ask", "data-al": "ask-name" },
      element("label", { for: "alr-name" }, "Your name, which is kept with what you decide:"),
      field,
      element("button", { class: "alr-button" }, "Begin"),
    );
    ask.addEventListener("submit", (event) => {
      event.preventDefault();
      const given = /** @type {HTMLInputElement} */ (field).value.trim();
      if (!given) return;
      localStorage.setItem(NAME, given);
      ask.remove();
      start(given);
    });
    form.before(ask);
    field.focus();
  }

  /** @param {string} reviewer */
  async function start(reviewer) {
    const reply = await ask({ kind: "hello", reviewer });
    if (!reply) return;
    await showFound(reply.content);
    if (reply.content.partial) await load();
  }

  async function load() {
    if (!(await ask({ kind: "load" }))) return;
    root.dataset.state = "ready";
    await find();
    const reply = await ask({ kind: "dashboard" });
    if (reply) showCounts(reply.content);
  }

  /** @param {object} message @returns {Promise<?import("./link.js").Reply>} null where it failed */
  async function ask(message) {
    try {
      const reply = await link.request(message, PATIENCE);
      if (reply.content.kind === "error") {
        if (reply.content.code === "malformed") localStorage.removeItem(NAME);
        say(reply.content.message);
        return null;
      }
      return reply;
    } catch {
      say("The server does not answer: nothing was stored. Reload the page.");
      return null;
    }
  }

  /** @param {string} text */
  function say(text) {
    for (const place of root.querySelectorAll("[data-al=said], [data-al=panel-said]")) place.textContent = text;
  }

  async function find() {
    asked += 1;
    const mine = asked;
    const reply = await ask({ kind: "find", filter });
    if (reply && mine === asked) await showFound(reply.content);
  }

  /** @param {any} found */
  async function showFound(found) {
    version = found.version;
    total = found.total;
    items = [];
    forget(grid);
    showUndo(found.undoable);
    grid.dataset.version = String(version);
    if (found.partial) say("The hardest images; all others are being read …");
    else if (total === 0) say("No image matches this filter: take some of it away.");
    else say(total === 1 ? "1 image" : `${total.toLocaleString("en")} images`);
    asking = false;
    await more();
  }

  async function more() {
    if (asking || items.length >= total) return;
    asking = true;
    const mine = version;
    const reply = await ask({ kind: "page", version, start: items.length, count: PAGE });
    if (mine !== version) return;
    asking = false;
    if (reply?.content.kind !== "page") return;
    for (const item of reply.content.items) {
      items.push(item);
      grid.append(card(item, reply.buffers));
    }
    const place = end.getBoundingClientRect();
    if (place.top < window.innerHeight) await more();
  }

  /** @param {any} item @param {DataView[]} buffers */
  function card(item, buffers) {
    const picture =
      item.picture === null
        ? element("span", { class: "alr-missing" }, "The picture is missing")
        : element("img", { src: pictureUrl(buffers[item.picture]), alt: "" });
    const sure = item.sure === null ? "" : ` · ${Math.round(item.sure * 100)} % sure`;
    const votes = item.votes === 1 ? "1 vote" : `${item.votes} votes`;
    const where = [states[item.state], reasons[item.reason]].filter(Boolean).join(", ");
    const opener = element(
      "button",
      { type: "button", class: "alr-card", "data-al": "item", "data-image": String(item.image_id) },
      picture,
      element("span", { class: "alr-title" }, `${item.title} · ${item.image_id}`),
      element("span", { class: "alr-fact" }, item.features.join(", ") || "nothing of these"),
      element("span", { class: "alr-fact" }, `${votes}${sure} · ${where}`),
    );
    opener.addEventListener("click", () => open(item.image_id));
    return element("li", {}, opener);
  }

  /** @param {any} found */
  function showCounts(found) {
    const rows = [
      ["Images", found.images],
      ["Retired", found.states.retired ?? 0],
      ["Reported", found.states.reported ?? 0],
      ["Ratings", found.ratings],
      ["Volunteers", found.volunteers],
      ["Settled", found.settled],
    ].map(([term, count]) => [term, count.toLocaleString("en")]);
    rows.push(["Sure of", `${Math.round(found.sure * 100)} % of the rated`]);
    counts.replaceChildren(
      ...rows.map(([term, value]) => element("div", {}, element("dt", {}, term), element("dd", {}, value))),
    );
  }

  function filters() {
    const fields = labels.map((/** @type {any} */ label) =>
      choice(label.name, ["any", "yes", "no", "unsure"].map((each) => [each, each]), (value) => {
        filter = { ...filter, features: { ...filter.features, [label.key]: value } };
      }, `feature-${label.key}`),
    );
    /** @param {string} value */
    const code = (value) => (value === "" ? null : Number(value));
    fields.push(
      choice("State", [["", "any"], ...states.map((/** @type {string} */ each, /** @type {number} */ n) => [String(n), each])], (value) => {
        filter = { ...filter, state: code(value) };
      }, "state"),
      choice("Why", reasons.map((/** @type {string} */ each, /** @type {number} */ n) => (n === 0 ? ["", "any"] : [String(n), each])), (value) => {
        filter = { ...filter, reason: code(value) };
      }, "reason"),
      choice("Series", [["", "all"], ...model.get("series").map((/** @type {any} */ each) => [String(each[0]), each[1]])], (value) => {
        filter = { ...filter, series: code(value) };
      }, "series"),
      choice("Kind", ["any", "anime", "cartoon"].map((each) => [each, each]), (value) => {
        filter = { ...filter, kind: value };
      }, "kind"),
      number("Sure, % from", 0, 100, 0, (value) => {
        filter = { ...filter, confidence: [value, filter.confidence[1]] };
      }, "sure-from"),
      number("to", 0, 100, 100, (value) => {
        filter = { ...filter, confidence: [filter.confidence[0], value] };
      }, "sure-to"),
      number("Votes, from", 0, 1_000_000, 0, (value) => {
        filter = { ...filter, votes: [value, filter.votes[1]] };
      }, "votes-from"),
      number("to", 0, 1_000_000, 1_000_000, (value) => {
        filter = { ...filter, votes: [filter.votes[0], value] };
      }, "votes-to"),
      number("Disagreement, % from", 0, 50, 0, (value) => {
        filter = { ...filter, disagreement: value };
      }, "disagreement"),
      choice("Order", [["hardest", "hardest first"], ["disagreement", "most disagreement"], ["votes", "most votes"], ["number", "number"]], (value) => {
        filter = { ...filter, order: value };
      }, "order"),
    );
    const made = element("form", { class: "alr-filters", "aria-label": "Filters", "data-al": "filters" }, ...fields);
    made.addEventListener("submit", (event) => event.preventDefault());
    return made;
  }

  /** @param {string} text @param {string[][]} options @param {(value: string) => void} set @param {string} role */
  function choice(text, options, set, role) {
    const field = element(
      "select",
      { "data-al": `filter-${role}` },
      ...options.map(([value, shown]) => element("option", { value }, shown)),
    );
    field.addEventListener("change", () => {
      set(/** @type {HTMLSelectElement} */ (field).value);
      find();
    });
    return element("label", { class: "alr-field" }, text, field);
  }

  /** @param {string} text @param {number} low @param {number} high @param {number} value @param {(value: number) => void} set @param {string} role */
  function number(text, low, high, value, set, role) {
    const field = /** @type {HTMLInputElement} */ (
      element("input", { type: "number", min: String(low), max: String(high), value: String(value), "data-al": `filter-${role}` })
    );
    field.addEventListener("change", () => {
      if (field.value === "" || !field.checkValidity()) field.value = String(value);
      set(Math.round(Number(field.value)));
      find();
    });
    return element("label", { class: "alr-field" }, text, field);
  }

  /** @param {number} wanted the id of an image */
  async function open(wanted) {
    const reply = await ask({ kind: "open", image: wanted });
    if (reply?.content.kind === "image") showImage(reply);
    else if (reply) say(reply.content.message);
  }

  /** @param {import("./link.js").Reply} reply @param {string} [text] */
  function showImage({ content, buffers }, text = "") {
    image = content;
    answer = standing(keys, image);
    showUndo(image.undoable);
    forget(panel);
    const latest = image.acts[0];
    const stands = image.review
      ? `Settled by ${image.review.reviewer}: ${names(image.review.answer)}`
      : labels.map((/** @type {any} */ { key, name }) => (image.crowd[key] === null ? `${name} –` : `${name} ${Math.round(image.crowd[key] * 100)} %`)).join(" · ");
    panel.append(
      element(
        "header",
        { class: "alr-head" },
        element("h2", {}, `${image.title} · ${image.image_id}`),
        button("close", "Close", () => panel.close()),
      ),
      element(
        "div",
        { class: "alr-picture", "data-al": "picture", "data-image": String(image.image_id) },
        image.missing === null
          ? element("img", { src: pictureUrl(buffers[0]), alt: `Image ${image.image_id} of ${image.title}` })
          : element("p", { class: "alr-missing" }, image.missing),
      ),
      element("p", { class: "alr-fact" }, `${stands} · ${[shownState(image.state), image.reason].filter(Boolean).join(", ")}`),
      element("p", { class: "alr-said", role: "status", "aria-live": "polite", "data-al": "panel-said" }, text),
      element("div", { class: "alr-toggles", role: "group", "aria-label": "What the image shows" }, ...labels.map(toggle)),
      gold(),
      element(
        "div",
        { class: "alr-actions" },
        button("back", "← Back", () => move(-1)),
        button("settle", "Settle (Enter)", settle),
        button("next", "Next →", () => move(1)),
        image.review ? button("withdraw", "Withdraw", () => touch("withdraw")) : "",
        image.state === "open" || image.state === "reported" ? button("retire", "Take out of the pool", () => touch("retire")) : "",
        image.state === "open" ? "" : button("reopen", "Bring back into the pool", () => touch("reopen")),
        undoable ? button("panel-undo", "Undo", () => act({ kind: "undo", act: undoable.act })) : "",
      ),
      votes(),
      latest ? element("p", { class: "alr-fact", "data-al": "latest" }, `Last: ${latest.reviewer}, ${latest.kind}`) : "",
    );
    if (!panel.open) panel.showModal();
    /** @type {?HTMLElement} */ (panel.querySelector("[data-al=settle]"))?.focus();
  }

  /** @param {any} label */
  function toggle(label) {
    const made = button(`toggle-${label.key}`, `${label.name} (${label.shortcut})`, () => press(label.key));
    made.title = label.question;
    made.setAttribute("aria-pressed", String(Boolean(answer[label.key])));
    return made;
  }

  function gold() {
    const teaches = element("input", { type: "checkbox", "data-al": "teaches" });
    const field = element("input", { type: "text", maxlength: "500", "data-al": "explanation" });
    /** @type {HTMLInputElement} */ (teaches).checked = image.review?.teaches ?? false;
    /** @type {HTMLInputElement} */ (field).value = image.review?.explanation ?? "";
    return element(
      "div",
      { class: "alr-gold" },
      element("label", {}, teaches, " Use as gold: volunteers get it as an image with a known answer"),
      element("label", { class: "alr-field" }, "What to tell them", field),
    );
  }

  function votes() {
    const list = image.votes.map((/** @type {any} */ vote) => {
      const what = `Volunteer ${vote.volunteer}: ${names(vote.said)}`;
      const kind = vote.blocked ? "unblock" : "block";
      const made = button(kind, vote.blocked ? "Unblock" : "Block", () =>
        act({ kind, volunteer: vote.volunteer, image: image.image_id }),
      );
      made.setAttribute("aria-label", `${vote.blocked ? "Unblock" : "Block"} volunteer ${vote.volunteer}`);
      return element("li", { class: vote.blocked ? "alr-blocked" : "" }, element("span", {}, what), made);
    });
    return element("ul", { class: "alr-votes", "aria-label": "Votes" }, ...list);
  }

  /** @param {string} key */
  function press(key) {
    answer = pressed(answer, key, model.get("exclusive"));
    for (const each of keys) {
      panel.querySelector(`[data-al=toggle-${each}]`)?.setAttribute("aria-pressed", String(answer[each]));
    }
  }

  async function settle() {
    const teaches = /** @type {HTMLInputElement} */ (panel.querySelector("[data-al=teaches]")).checked;
    const field = /** @type {HTMLInputElement} */ (panel.querySelector("[data-al=explanation]"));
    const explanation = teaches && field.value.trim() ? field.value.trim() : null;
    const decided = { image: image.image_id, version: image.version, answer, teaches, explanation };
    if (await act({ kind: "settle", ...decided })) await move(1);
  }

  /** @param {string} kind */
  function touch(kind) {
    return act({ kind, image: image.image_id, version: image.version });
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
    if (content.kind === "undone") {
      showUndo(content.undoable);
      say("Undone.");
      return true;
    }
    if (content.kind === "conflict") {
      const other = content.acts[0];
      const what = other.answer ? `: ${names(other.answer)}` : "";
      showImage(reply, `${other.reviewer} was first (${other.kind}${what}). Nothing of yours was stored: decide again.`);
      return false;
    }
    const said = content.done === "undo" ? "Undone." : "Stored.";
    if (panel.open) showImage(reply, said);
    else {
      showUndo(content.undoable);
      say(said);
    }
    return true;
  }

  /** @param {any} latest what Undo would take back */
  function showUndo(latest) {
    undoable = latest;
    undo.toggleAttribute("disabled", latest === null);
    undo.title = latest === null ? "" : `${latest.kind} ${latest.image ? `image ${latest.image}` : `volunteer ${latest.volunteer}`}`;
  }

  /** @param {number} step */
  async function move(step) {
    const here = items.findIndex((item) => item.image_id === image?.image_id);
    if (here + step >= items.length) await more();
    const next = items[here + step];
    if (here >= 0 && next) await open(next.image_id);
    else say(step > 0 ? "That was the last one." : "This is the first one.");
  }

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    if (target.matches("input[type=text]")) {
      if (event.key !== "Enter") return;
    } else if (event.key === "Enter" && target.localName === "button" && target.dataset.al !== "settle" && !target.dataset.al?.startsWith("toggle")) {
      return;
    }
    const meaning = meaningOf(event, labels);
    if (meaning === null || image === null) return;
    event.preventDefault();
    if (meaning === "settle") settle();
    else if (meaning === "back") move(-1);
    else if (meaning === "next") move(1);
    else press(meaning);
  }

  return () => {
    watcher.disconnect();
    link.close();
    forget(grid);
    forget(panel);
    root.remove();
  };
}

export default { render };
