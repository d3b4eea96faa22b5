// What a volunteer sees of the labeler. It shows what it is told and reports what is pressed.

import { element, icon } from "./dom.js";

const BACK = "M15 5l-7 7 7 7";
const NEXT = "M9 5l7 7-7 7";
const HELP = "M9 9a3 3 0 1 1 4.2 2.8c-.9.4-1.2 1-1.2 2.2M12 17.5v.1";
const FLAG = "M6 21V4M6 5c4-2.5 7 2.5 12 0v9c-5 2.5-8-2.5-12 0";

/**
 * @typedef {{key: string, name: string, question: string, shortcut: string, icon: string}} Label
 * @typedef {ReturnType<typeof import("./words.js").openWords>} Words
 * @typedef {"toggle"|"next"|"back"|"help"} Action
 * @typedef {object} Actions
 * @property {(key: string) => void} toggle
 * @property {() => void} next
 * @property {() => void} back
 * @property {() => void} again
 * @property {() => void} help
 * @property {() => void} report
 */

/**
 * @param {Label[]} labels
 * @param {boolean} app whether the widget is the whole page
 * @param {Words} words
 * @param {Actions} actions
 */
export function createView(labels, app, words, actions) {
  const title = element("h1", { class: "al-title", "data-al": "title", dir: "auto" });
  const spoken = element("p", { class: "al-spoken", "data-al": "spoken", "aria-live": "polite" });
  const link = element("span", { class: "al-link", "data-al": "link" });
  const count = element("span", { class: "al-count", "data-al": "count" });
  const project = element("span", { class: "al-project", "data-al": "project" });
  const bar = element("div", { class: "al-bar", role: "progressbar", "aria-valuemin": "0", "aria-valuemax": "100" });
  const stage = element("div", { class: "al-stage", "data-al": "stage" });
  const status = element("p", { class: "al-status", "data-al": "status", role: "status", "aria-live": "polite" });
  const toggles = new Map(
    labels.map((label) => [label.key, toggleButton(label, words, "label", () => actions.toggle(label.key))]),
  );
  const group = words.bind(
    element("div", { class: "al-labels", role: "group" }, ...toggles.values()),
    "page.question",
    "aria-label",
  );
  const back = moveButton("back", words, BACK, actions.back);
  const next = moveButton("next", words, NEXT, actions.next);
  const report = roundButton("report", words, FLAG, actions.report);
  const help = roundButton("help", words, HELP, actions.help);
  const root = words.bind(
    element(
      app ? "main" : "section",
      {
        class: app ? "al-labeler al-app" : "al-labeler",
        "data-al": "labeler",
        "data-state": "loading",
        "data-ready": "false",
        "data-pending": "0",
        "data-lm-suppress-shortcuts": "true",
        // A click anywhere in it lets the keys work.
        tabindex: "-1",
      },
      element(
        "header",
        { class: "al-head" },
        element("div", { class: "al-heading" }, title, element("p", { class: "al-facts" }, link, count, project)),
        report,
        help,
        bar,
      ),
      stage,
      status,
      spoken,
      element("div", { class: "al-controls" }, back, group, next),
    ),
    "page.name",
    "aria-label",
  );

  const again = words.bind(element("button", { type: "button", class: "al-again", "data-al": "again" }), "end.again");
  again.addEventListener("click", actions.again);
  const ended = element("div");
  const end = element("div", { class: "al-message", "data-al": "end" }, ended, again);

  // Enter presses a button that was reached with Tab, as everywhere; after a click it is Next.
  let pointed = false;
  root.addEventListener("pointerdown", () => {
    pointed = true;
  });
  root.addEventListener("keydown", (event) => {
    if (event.key === "Tab") pointed = false;
  });
  root.addEventListener("focusout", (event) => {
    const to = /** @type {?Node} */ (event.relatedTarget);
    if (to && !root.contains(to)) pointed = false;
  });

  /** @param {HTMLElement} button @param {boolean} on */
  const allow = (button, on) => {
    // A button that goes out of use would take the focus with it, and so the keys.
    if (!on && button.matches(":focus")) root.focus({ preventScroll: true });
    button.toggleAttribute("disabled", !on);
  };

  /** @param {boolean} on */
  const enable = (on) => {
    for (const button of [...toggles.values(), next, report]) allow(button, on);
  };

  /** @param {HTMLElement} node */
  const stageIs = (node) => {
    if (stage.firstChild === node) return;
    if (again.matches(":focus")) root.focus({ preventScroll: true });
    stage.replaceChildren(node);
  };

  /** @param {HTMLElement} node @param {string} text */
  const put = (node, text) => {
    if (node.textContent !== text) node.textContent = text;
  };

  return {
    root,
    stage,
    /** @param {KeyboardEvent} event */
    meaning(event) {
      const target = /** @type {?Element} */ (event.target);
      return keyAction(event, labels, !pointed && target?.localName === "button");
    },
    /** @param {string} text @param {"calm"|"trouble"|"cheer"} [mood] */
    say(text, mood = "calm") {
      put(status, text);
      status.dataset.mood = mood;
    },
    /** @param {string} rated by this volunteer @param {number} pending */
    count(rated, pending) {
      put(count, rated);
      root.dataset.pending = String(pending);
    },
    /** @param {string} text @param {string} state of the ratings on their way */
    link(text, state) {
      put(link, text);
      link.dataset.link = state;
    },
    /** @param {string} text @param {number} percent of the project */
    progress(text, percent) {
      put(project, text);
      bar.style.setProperty("--al-done", `${percent}%`);
      bar.setAttribute("aria-valuenow", String(percent));
      bar.setAttribute("aria-label", text);
    },
    /** @param {boolean} possible */
    allowBack(possible) {
      allow(back, possible);
    },
    /** @param {string} state */
    state(state) {
      root.dataset.state = state;
    },
    /** @param {boolean} ready whether a vote would count */
    ready(ready) {
      root.dataset.ready = String(ready);
    },
    /** While no picture can be shown. */
    showLoading() {
      put(title, words.say("page.name"));
      if (!stage.querySelector(".al-skeleton")) {
        stageIs(element("div", { class: "al-skeleton", "aria-hidden": "true" }));
      }
      enable(false);
    },
    /** @param {string} series @param {HTMLImageElement} image */
    showPicture(series, image) {
      put(title, series);
      image.alt = words.say("picture.alt", { title: series });
      // A text that stays the same is not spoken again.
      if (stage.firstChild !== image) spoken.textContent = image.alt + (spoken.textContent === image.alt ? "\u00a0" : "");
      stageIs(image);
      enable(true);
    },
    /** @param {Object<string, boolean>} answer */
    showAnswer(answer) {
      for (const [key, button] of toggles) {
        button.setAttribute("aria-pressed", String(Boolean(answer[key])));
      }
    },
    /** @param {string[]} texts */
    showEnd(...texts) {
      put(title, words.say("page.name"));
      ended.replaceChildren(
        element("h2", { class: "al-message-heading" }, words.say("end.heading")),
        ...texts.map((text) => element("p", {}, text)),
      );
      stageIs(end);
      for (const button of toggles.values()) button.setAttribute("aria-pressed", "false");
      enable(false);
    },
  };
}

/**
 * @param {Label} label @param {Words} words @param {string} role @param {() => void} onPress
 * @returns {HTMLElement}
 */
export function toggleButton(label, words, role, onPress) {
  const button = element(
    "button",
    {
      type: "button",
      class: "al-toggle",
      "data-al": `${role}-${label.key}`,
      "aria-pressed": "false",
      "aria-keyshortcuts": `${label.shortcut} ${label.name[0]}`,
    },
    icon(label.icon),
    words.bind(element("span", { class: "al-name" }), `label.${label.key}.name`),
    element("kbd", { class: "al-key", "aria-hidden": "true" }, label.shortcut),
  );
  button.addEventListener("click", onPress);
  return words.bind(button, `label.${label.key}.question`, "title");
}

/** @param {string} role @param {Words} words @param {string} path @param {() => void} onPress */
function moveButton(role, words, path, onPress) {
  const parts = [icon(path, "al-stroke"), words.bind(element("span"), `button.${role}`)];
  if (role === "next") parts.reverse();
  const button = element("button", { type: "button", class: `al-move al-${role}`, "data-al": role }, ...parts);
  button.addEventListener("click", onPress);
  return button;
}

/** @param {string} role @param {Words} words @param {string} path @param {() => void} onPress */
function roundButton(role, words, path, onPress) {
  const button = element(
    "button",
    { type: "button", class: "al-round", "data-al": role },
    icon(path, "al-stroke"),
    words.bind(element("span", { class: "al-round-name" }), `button.${role}`),
  );
  button.addEventListener("click", onPress);
  return button;
}

/**
 * What a key press means.
 * @param {KeyboardEvent} event
 * @param {Label[]} labels
 * @param {boolean} onButton whether Enter and Space press the button that has the focus
 * @returns {?{action: Action, key?: string}}
 */
export function keyAction(event, labels, onButton) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return null;
  if (event.key === "?") return { action: "help" };
  const label = labels.find(
    (each) => each.shortcut === event.key || each.name[0].toLowerCase() === event.key.toLowerCase(),
  );
  if (label) return { action: "toggle", key: label.key };
  if (event.key === "ArrowRight") return { action: "next" };
  if (event.key === "ArrowLeft" || event.key === "Backspace") return { action: "back" };
  return (event.key === "Enter" || event.key === " ") && !onButton ? { action: "next" } : null;
}
