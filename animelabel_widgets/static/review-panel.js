// The panel that settles an image: the large picture, the toggles, the votes, and what happened to it.

import { meaningOf, pressed, standing } from "./deciding.js";
import { element, isHeldEnter, pictureUrl } from "./dom.js";
import { blockButton, minute, percent, pressable, tableOf } from "./review-parts.js";

/**
 * @param {{labels: any[], exclusive: string}} known
 * @param {object} page
 * @param {(message: object) => Promise<boolean>} page.act does something; true where it was done
 * @param {(step: number) => Promise<void>} page.move shows the next image, or the one before
 * @param {() => any} page.undoable what Undo would take back
 * @param {() => void} page.onClose
 */
export function openPanel({ labels, exclusive }, { act, move, undoable, onClose }) {
  /** @type {any} */
  let image = null;
  /** @type {Object<string, boolean>} */
  let answer = {};
  let url = "";
  let settling = false;
  const keys = labels.map((label) => label.key);
  const box = /** @type {HTMLDialogElement} */ (
    element("dialog", { class: "alr-panel", "data-al": "panel", "aria-label": "Settle an image" })
  );
  box.addEventListener("keydown", onKey);
  box.addEventListener("close", () => {
    clear();
    image = null;
    settling = false;
    onClose();
  });

  /** @param {string[]} said @returns {string} the names of features */
  const names = (said) => labels.filter((label) => said.includes(label.key)).map((label) => label.name).join(", ") || "nothing of these";

  function clear() {
    if (url) URL.revokeObjectURL(url);
    url = "";
    box.replaceChildren();
  }

  /** @param {import("./link.js").Reply} reply @param {string} text what has just happened */
  function show({ content, buffers }, text = "") {
    // What a block or its end changes is the votes, and not what the reviewer is about to decide.
    const goesOn = image?.image_id === content.image_id && (content.done === "block" || content.done === "unblock");
    const { review } = content;
    const begun = goesOn
      ? decided()
      : { answer: standing(keys, content), teaches: review?.teaches ?? false, explanation: review?.explanation ?? "" };
    clear();
    image = content;
    answer = begun.answer;
    box.append(
      element(
        "header",
        { class: "alr-head" },
        element("h2", {}, `${image.title} · ${image.image_id}`),
        pressable("close", "Close", () => box.close()),
      ),
      element("div", { class: "alr-columns" }, picture(buffers), decision(text, begun)),
      element("div", { class: "alr-below" }, votes(), history()),
    );
    if (!box.open) box.showModal();
    box.scrollTop = 0;
    /** @type {?HTMLElement} */ (box.querySelector("[data-al=settle]"))?.focus({ preventScroll: true });
  }

  /** @param {DataView[]} buffers */
  function picture(buffers) {
    const frame = element("div", { class: "alr-picture", "data-al": "picture", "data-image": String(image.image_id) });
    if (image.missing === null) {
      url = pictureUrl(buffers[0]);
      frame.append(element("img", { src: url, alt: `Image ${image.image_id} of ${image.title}` }));
    } else frame.append(element("p", { class: "alr-missing", "data-al": "missing" }, image.missing));
    return frame;
  }

  /** @returns {{answer: Object<string, boolean>, teaches: boolean, explanation: string}} as it is on the screen */
  function decided() {
    const teaches = /** @type {HTMLInputElement} */ (box.querySelector("[data-al=teaches]")).checked;
    const explanation = /** @type {HTMLInputElement} */ (box.querySelector("[data-al=explanation]")).value.trim();
    return { answer, teaches, explanation };
  }

  /** @param {string} text @param {{teaches: boolean, explanation: string}} begun */
  function decision(text, begun) {
    const crowd = labels.map(({ key, name }) => `${name} ${percent(image.crowd[key])}`).join(" · ");
    const review = image.review && `Settled by ${image.review.reviewer}: ${names(image.review.answer)}`;
    const inPool = image.state === "open" || image.state === "reported";
    return element(
      "div",
      { class: "alr-decision" },
      element("p", { class: "alr-fact", "data-al": "stands" }, review ?? crowd),
      element("p", { class: "alr-fact", "data-al": "state" }, [image.state === "open" ? "in the pool" : image.state, image.reason].filter(Boolean).join(", ")),
      element("div", { class: "alr-toggles", role: "group", "aria-label": "What the image shows" }, ...labels.map(toggle)),
      gold(begun),
      element(
        "div",
        { class: "alr-moves" },
        pressable("back", "← Back", () => move(-1)),
        pressable("settle", "Settle", settle),
        pressable("next", "Next →", () => move(1)),
      ),
      element("p", { class: "alr-said", role: "status", "aria-live": "polite", "data-al": "panel-said" }, text),
      element(
        "div",
        { class: "alr-actions" },
        image.review ? pressable("withdraw", "Withdraw", () => touch("withdraw")) : "",
        inPool ? pressable("retire", "Take out of the pool", () => touch("retire")) : "",
        image.state === "open" ? "" : pressable("reopen", "Bring back into the pool", () => touch("reopen")),
        undoable() ? pressable("panel-undo", "Undo", () => act({ kind: "undo", act: undoable().act })) : "",
      ),
      element("p", { class: "alr-hint" }, `${labels.map(({ name }) => name[0]).join(" ")} or 1–${labels.length} toggle · Enter settles · ← → move`),
    );
  }

  /** @param {any} label */
  function toggle(label) {
    const made = pressable(`toggle-${label.key}`, label.name, () => press(label.key));
    made.title = label.question;
    made.setAttribute("aria-pressed", String(Boolean(answer[label.key])));
    return made;
  }

  /** @param {{teaches: boolean, explanation: string}} begun */
  function gold(begun) {
    const teaches = /** @type {HTMLInputElement} */ (element("input", { type: "checkbox", "data-al": "teaches" }));
    const field = /** @type {HTMLInputElement} */ (
      element("input", { type: "text", maxlength: "500", "data-al": "explanation" })
    );
    const words = element("label", { class: "alr-field" }, "What to tell who was wrong", field);
    teaches.checked = begun.teaches;
    field.value = begun.explanation;
    words.hidden = !teaches.checked;
    teaches.addEventListener("change", () => {
      words.hidden = !teaches.checked;
    });
    return element("div", { class: "alr-gold" }, element("label", {}, teaches, " Use as gold, to teach volunteers"), words);
  }

  function votes() {
    if (!image.votes.length) return element("p", { class: "alr-fact" }, "Nobody has rated it.");
    const rows = image.votes.map((/** @type {any} */ { volunteer, blocked, said, skill }) => {
      const switched = blockButton(blocked, volunteer, () =>
        act({ kind: blocked ? "unblock" : "block", volunteer, image: image.image_id }),
      );
      return element(
        "tr",
        { class: blocked ? "alr-blocked" : "" },
        element("td", {}, String(volunteer)),
        element("td", {}, names(said)),
        element("td", {}, percent(skill)),
        element("td", {}, switched),
      );
    });
    return tableOf("alr-votes", ["Volunteer", "Vote", "Skill", "Action"], rows);
  }

  function history() {
    const acts = image.acts.map((/** @type {any} */ each) => ({
      when: each.when,
      what: [`${each.reviewer}: ${each.kind}`, each.answer && each.kind === "settle" ? names(each.answer) : ""].filter(Boolean).join(", "),
    }));
    const lines = [...image.history.filter((/** @type {any} */ line) => line.when), ...acts];
    lines.sort((one, other) => (one.when < other.when ? -1 : 1));
    const items = lines.map(({ when, what }) => element("li", {}, `${minute(when)} · ${what}`));
    return element(
      "details",
      { "data-al": "history" },
      element("summary", {}, `History (${items.length})`),
      element("ol", { class: "alr-history" }, ...items),
    );
  }

  /** @param {string} key */
  function press(key) {
    answer = pressed(answer, key, exclusive);
    for (const each of keys) {
      box.querySelector(`[data-al=toggle-${each}]`)?.setAttribute("aria-pressed", String(answer[each]));
    }
  }

  /** Settle what is shown, and go on; what is pressed before the next image is there counts for nothing. */
  async function settle() {
    if (settling) return;
    settling = true;
    const { image_id: settled, version } = image;
    const { teaches, explanation, ...said } = decided();
    const words = teaches && explanation ? explanation : null;
    try {
      const done = await act({ kind: "settle", image: settled, version, teaches, explanation: words, ...said });
      if (done && image?.image_id === settled) await move(1);
    } finally {
      settling = false;
    }
  }

  /** @param {string} kind */
  function touch(kind) {
    return act({ kind, image: image.image_id, version: image.version });
  }

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    event.stopPropagation();
    const target = /** @type {HTMLElement} */ (event.target);
    const enter = event.key === "Enter";
    if (isHeldEnter(event)) return event.preventDefault();
    if (target.matches("input[type=text]") && !enter) return;
    if (enter && target.localName === "summary") return;
    if (enter && target.localName === "button" && target.dataset.al !== "settle" && !target.dataset.al?.startsWith("toggle")) return;
    const meaning = meaningOf(event, labels);
    if (meaning === null || image === null) return;
    event.preventDefault();
    if (event.repeat && !event.key.startsWith("Arrow")) return;
    if (meaning === "settle") settle();
    else if (meaning === "back") move(-1);
    else if (meaning === "next") move(1);
    else press(meaning);
  }

  return {
    node: box,
    names,
    show,
    isOpen: () => box.open,
    /** @param {string} text */
    say(text) {
      const place = box.querySelector("[data-al=panel-said]");
      if (place) place.textContent = text;
    },
    end: clear,
  };
}
