// What the parts of the reviewers' page share.

import { element } from "./dom.js";

/** @param {string} role @param {string} text @param {() => void} onPress @returns {HTMLElement} */
export function pressable(role, text, onPress) {
  const made = element("button", { type: "button", class: "alr-button", "data-al": role }, text);
  made.addEventListener("click", onPress);
  return made;
}

/**
 * Tell of each of several works whether it is the latest: the reply to a former one may come last.
 * @returns {() => () => boolean} begins a work, and gives what tells whether none has begun since
 */
export function openLatest() {
  let latest = 0;
  return () => {
    latest += 1;
    const mine = latest;
    return () => mine === latest;
  };
}

/** @param {?string} when @returns {string} */
export const minute = (when) => (when ? when.replace("T", " ").slice(0, 16) : "");

/** @param {?number} share @returns {string} */
export const percent = (share) => (share === null ? "–" : `${Math.round(share * 100)} %`);

/**
 * @param {string} name of the class
 * @param {string[]} head
 * @param {HTMLElement[]} rows
 * @returns {HTMLElement} a table that scrolls sideways where it is too wide
 */
export function tableOf(name, head, rows) {
  const heads = head.map((text) => element("th", { scope: "col" }, text));
  const table = element("table", {}, element("thead", {}, element("tr", {}, ...heads)), element("tbody", {}, ...rows));
  return element("div", { class: `alr-table ${name}`, role: "group", tabindex: "0", "aria-label": name.slice(4) }, table);
}

/**
 * @param {boolean} blocked
 * @param {number} volunteer
 * @param {() => void} onPress
 * @returns {HTMLElement} what blocks a volunteer, or ends that
 */
export function blockButton(blocked, volunteer, onPress) {
  const made = pressable(blocked ? "unblock" : "block", blocked ? "Unblock" : "Block", onPress);
  made.setAttribute("aria-label", `${blocked ? "Unblock" : "Block"} volunteer ${volunteer}`);
  made.dataset.volunteer = String(volunteer);
  return made;
}
