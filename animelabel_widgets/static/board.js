// What motivates: milestones, and the leaderboard of the week for who wants it.

import { dialogButton } from "./dialogs.js";
import { element } from "./dom.js";
import { FETCH_PATIENCE } from "./link.js";

const EARLY = [10, 50, 100, 250, 500];

/** @param {number} count of the volunteer's ratings @returns {boolean} whether to say thank you */
export function isMilestone(count) {
  return EARLY.includes(count) || (count > 0 && count % 1000 === 0);
}

/**
 * @param {object} options
 * @param {ReturnType<typeof import("./dialogs.js").openDialogs>} options.dialogs
 * @param {ReturnType<typeof import("./words.js").openWords>} options.words
 * @param {{request: (message: object, patience: number) => Promise<any>}} options.link
 */
export function showBoard({ dialogs, words, link }) {
  const { say } = words;
  const list = element("ol", { class: "al-places", "data-al": "places" });
  const state = element("p", { class: "al-quiet", role: "status", "data-al": "board-status" });
  const field = /** @type {HTMLInputElement} */ (
    element("input", { id: "al-nickname", "data-al": "nickname", maxlength: "24", autocomplete: "off" })
  );

  /** @param {object} message @param {string} done what to say then */
  const ask = async (message, done) => {
    try {
      const { content } = await link.request(message, FETCH_PATIENCE);
      if (content.kind === "week") {
        fill(content);
        state.textContent = done;
      } else state.textContent = say(content.code === "malformed" ? "board.refused" : "board.unavailable");
    } catch {
      state.textContent = say("board.unavailable");
    }
  };

  /** @param {any} week */
  const fill = (week) => {
    field.value = week.nickname ?? "";
    const rows = week.places.map((/** @type {any} */ place) =>
      element(
        "li",
        place.own ? { class: "al-own" } : {},
        element("bdi", {}, place.nickname),
        element("span", {}, place.ratings.toLocaleString(words.language())),
      ),
    );
    list.replaceChildren(...(rows.length ? rows : [element("li", { class: "al-nobody" }, say("board.nobody"))]));
  };

  const save = () => ask({ kind: "nickname", nickname: field.value.trim() }, say("board.saved"));
  const form = element(
    "form",
    { class: "al-nickname" },
    element("label", { for: "al-nickname" }, say("board.nickname")),
    field,
    element("button", { type: "submit", "data-al": "save-nickname", class: "al-primary" }, say("board.save")),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    save();
  });
  dialogs.show({
    name: "board",
    heading: say("help.board"),
    body: [list, element("p", { class: "al-quiet" }, say("board.intro")), form, state],
    buttons: [
      dialogButton(say("board.leave"), "leave-board", () => ask({ kind: "nickname", nickname: null }, say("board.saved"))),
    ],
  });
  ask({ kind: "week" }, "");
}
