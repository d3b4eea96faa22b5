// The list of volunteers: how much and how well each rates, and whether the ratings count.

import { element } from "./dom.js";
import { blockButton, percent, pressable, tableOf } from "./review-parts.js";

const HEAD_OF_LIST = ["Volunteer", "Ratings", "Skill", "Median time", "Flags", "Action"];

/**
 * @param {(message: object) => Promise<?import("./link.js").Reply>} ask
 * @param {(message: object) => Promise<boolean>} act
 */
export function openVolunteers(ask, act) {
  const orders = [["ratings", "most ratings first"], ["skill", "least skilled first"], ["blocked", "blocked first"]];
  const order = /** @type {HTMLSelectElement} */ (
    element("select", { "data-al": "volunteers-order" }, ...orders.map(([value, text]) => element("option", { value }, text)))
  );
  order.addEventListener("change", look);
  const told = element("p", { class: "alr-fact", "data-al": "volunteers-total" });
  const table = tableOf("alr-volunteers", HEAD_OF_LIST, []);
  const body = /** @type {HTMLElement} */ (table.querySelector("tbody"));
  const further = pressable("volunteers-more", "More", () => list(body.children.length));
  const node = element(
    "div",
    { class: "alr-crowd" },
    element("div", { class: "alr-actions" }, element("label", { class: "alr-field" }, "Order", order), told),
    table,
    further,
  );

  /** @type {?object} the list that is on its way */
  let awaited = null;

  /** @param {any} row */
  function line({ volunteer, ratings, skill, seconds, blocked, odd }) {
    const bar = element("span", { class: "alr-bar", "aria-hidden": "true" });
    bar.style.setProperty("--alr-share", String(Math.max(0, skill ?? 0)));
    const switched = blockButton(blocked, volunteer, async () => {
      if (!(await act({ kind: blocked ? "unblock" : "block", volunteer, image: null }))) return;
      // What is on its way may have been read before.
      if (awaited) {
        await look();
        /** @type {?HTMLElement} */ (body.querySelector(`[data-volunteer="${volunteer}"] button`))?.focus();
        return;
      }
      const fresh = line({ volunteer, ratings, skill, seconds, odd, blocked: !blocked });
      made.replaceWith(fresh);
      /** @type {?HTMLElement} */ (fresh.querySelector("button"))?.focus();
    });
    const made = element(
      "tr",
      { "data-al": "volunteer", "data-volunteer": String(volunteer), class: blocked ? "alr-blocked" : "" },
      element("td", {}, String(volunteer)),
      element("td", {}, ratings.toLocaleString("en")),
      element("td", {}, bar, skill === null ? "–" : percent(skill)),
      element("td", {}, seconds === null ? "–" : `${seconds.toFixed(1)} s`),
      element("td", {}, [blocked ? "blocked" : "", ...odd].filter(Boolean).join(", ")),
      element("td", {}, switched),
    );
    return made;
  }

  /** @param {number} start */
  async function list(start) {
    const mine = (awaited = {});
    const reply = await ask({ kind: "volunteers", order: order.value, start });
    if (mine !== awaited) return;
    awaited = null;
    if (reply?.content.kind !== "volunteers") return;
    if (start === 0) body.replaceChildren();
    body.append(...reply.content.rows.map(line));
    const { total } = reply.content;
    told.textContent = total === 1 ? "1 volunteer" : `${total.toLocaleString("en")} volunteers`;
    const over = body.children.length >= total;
    if (over && further.matches(":focus")) /** @type {?HTMLElement} */ (body.lastElementChild?.querySelector("button"))?.focus();
    further.hidden = over;
  }

  function look() {
    further.hidden = true;
    return list(0);
  }

  return { node, look };
}
