// What a volunteer sees of the labeler. It shows what it is told and reports what is pressed.

import { element, icon } from "./dom.js";

/**
 * @typedef {{key: string, name: string, question: string, shortcut: string, icon: string}} Label
 * @typedef {object} Actions
 * @property {(key: string) => void} toggle
 * @property {() => void} next
 * @property {() => void} back
 * @property {() => void} again
 */

/**
 * @param {Label[]} labels
 * @param {boolean} app whether the widget is the whole page
 * @param {Actions} actions
 */
export function createView(labels, app, actions) {
  const title = element("h1", { class: "al-title", "data-al": "title" });
  const count = element("p", { class: "al-count" });
  const stage = element("div", { class: "al-stage" });
  const status = element("p", {
    class: "al-status",
    "data-al": "status",
    role: "status",
    "aria-live": "polite",
  });
  const toggles = new Map(labels.map((label) => [label.key, toggleButton(label, actions)]));
  const group = element(
    "div",
    { class: "al-labels", role: "group", "aria-label": "What does the picture show?" },
    ...toggles.values(),
  );
  const back = moveButton("back", "Back", "M15 5l-7 7 7 7", "←");
  const next = moveButton("next", "Next", "M9 5l7 7-7 7", "→");
  back.addEventListener("click", actions.back);
  next.addEventListener("click", actions.next);
  const root = element(
    "section",
    {
      class: app ? "al-labeler al-app" : "al-labeler",
      "data-al": "labeler",
      "data-state": "loading",
      "data-pending": "0",
      "data-lm-suppress-shortcuts": "true",
      "aria-label": "Label pictures",
      // A click anywhere in it lets the keys work.
      tabindex: "-1",
    },
    element("header", { class: "al-head" }, title, count),
    stage,
    element("div", { class: "al-controls" }, back, group, next),
    status,
  );

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
    for (const button of [...toggles.values(), next]) allow(button, on);
  };

  return {
    root,
    /** @param {KeyboardEvent} event */
    meaning(event) {
      const target = /** @type {?Element} */ (event.target);
      return keyAction(event, labels, !pointed && target?.localName === "button");
    },
    /** @param {string} text @param {boolean} [trouble] */
    say(text, trouble = false) {
      if (status.textContent !== text) status.textContent = text;
      status.classList.toggle("al-trouble", trouble);
    },
    /** @param {number} rated @param {number} pending */
    count(rated, pending) {
      count.textContent = rated === 0 ? "" : `${rated.toLocaleString()} rated by you`;
      root.dataset.pending = String(pending);
    },
    /** @param {boolean} possible */
    allowBack(possible) {
      allow(back, possible);
    },
    /** @param {string} state */
    state(state) {
      root.dataset.state = state;
    },
    /** Before the first picture. */
    showLoading() {
      title.textContent = "";
      stage.replaceChildren(element("div", { class: "al-skeleton", "aria-hidden": "true" }));
      enable(false);
    },
    /** @param {string} series @param {HTMLImageElement} image */
    showPicture(series, image) {
      title.textContent = series;
      image.alt = `A frame of ${series}`;
      if (stage.firstChild !== image) stage.replaceChildren(image);
      enable(true);
    },
    /** @param {Object<string, boolean>} answer */
    showAnswer(answer) {
      for (const [key, button] of toggles) {
        button.setAttribute("aria-pressed", String(Boolean(answer[key])));
      }
    },
    /** @param {string} heading @param {string} text @param {string} button */
    showMessage(heading, text, button) {
      if (stage.querySelector(".al-message")) return;
      const again = element("button", { type: "button", class: "al-again", "data-al": "again" }, button);
      again.addEventListener("click", actions.again);
      title.textContent = "";
      stage.replaceChildren(
        element(
          "div",
          { class: "al-message" },
          element("p", { class: "al-message-heading" }, heading),
          element("p", {}, text),
          again,
        ),
      );
      for (const button of toggles.values()) button.setAttribute("aria-pressed", "false");
      enable(false);
    },
  };
}

/** @param {Label} label @param {Actions} actions @returns {HTMLElement} */
function toggleButton(label, actions) {
  const button = element(
    "button",
    {
      type: "button",
      class: "al-toggle",
      "data-al": `label-${label.key}`,
      "data-key": label.shortcut,
      "aria-pressed": "false",
      "aria-keyshortcuts": label.shortcut,
      title: label.question,
    },
    icon(label.icon),
    element("span", { class: "al-name" }, label.name),
    element("kbd", { class: "al-key", "aria-hidden": "true" }, label.shortcut),
  );
  button.addEventListener("click", () => actions.toggle(label.key));
  return button;
}

/** @param {string} role @param {string} name @param {string} path @param {string} key */
function moveButton(role, name, path, key) {
  const parts = [icon(path), element("span", {}, name)];
  if (role === "next") parts.reverse();
  return element(
    "button",
    { type: "button", class: `al-move al-${role}`, "data-al": role, title: `${name} (${key})` },
    ...parts,
  );
}

/**
 * What a key press means.
 * @param {KeyboardEvent} event
 * @param {Label[]} labels
 * @param {boolean} onButton whether Enter presses the button that has the focus
 * @returns {?{action: "toggle"|"next"|"back", key?: string}}
 */
export function keyAction(event, labels, onButton) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return null;
  const label = labels.find((each) => each.shortcut === event.key);
  if (label) return { action: "toggle", key: label.key };
  if (event.key === "ArrowRight") return { action: "next" };
  if (event.key === "ArrowLeft" || event.key === "Backspace") return { action: "back" };
  return event.key === "Enter" && !onButton ? { action: "next" } : null;
}
