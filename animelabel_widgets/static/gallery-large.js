// The large picture of a gallery: with the votes on it, who gave them, and what happened to it.

import { element, pictureUrl } from "./dom.js";

const FEATURES = { text: "Text", logo: "Logo", person: "Character", empty: "Empty" };

/** @param {?string} when @returns {string} */
const moment = (when) => (when ? when.replace("T", " ").slice(0, 16) : "");

/** @param {any} details @returns {Node[]} */
function detailsBelow(details) {
  const parts = [];
  if (details.votes?.length) {
    const head = ["Volunteer", "Skill", ...Object.values(FEATURES), "When (UTC)"];
    const rows = details.votes.map((/** @type {any} */ vote) =>
      element(
        "tr",
        {},
        element("td", {}, String(vote.volunteer)),
        element("td", {}, vote.skill == null ? "–" : `${Math.round(vote.skill * 100)}%`),
        ...Object.keys(FEATURES).map((key) => element("td", {}, vote[key] ? "yes" : "no")),
        element("td", {}, moment(vote.when)),
      ),
    );
    parts.push(
      element("h3", {}, "Votes"),
      element(
        "table",
        { class: "al-votes", "data-al": "votes" },
        element("thead", {}, element("tr", {}, ...head.map((name) => element("th", { scope: "col" }, name)))),
        element("tbody", {}, ...rows),
      ),
    );
  }
  if (details.history?.length) {
    const lines = details.history.map((/** @type {any} */ line) =>
      element("li", {}, [moment(line.when), line.what].filter(Boolean).join(" · ")),
    );
    parts.push(element("h3", {}, "History"), element("ol", { class: "al-history", "data-al": "history" }, ...lines));
  }
  return parts;
}

/**
 * @param {HTMLElement} root
 * @param {(step: number) => void} onStep to the next picture or the one before
 * @param {() => void} onClose
 */
export function openLarge(root, onStep, onClose) {
  let url = "";
  const heading = element("h2", { id: `al-large-${Math.random().toString(36).slice(2)}` });
  const frame = element("div", { class: "al-large-frame" });
  // In a narrow window the table of votes scrolls sideways, with the keys too.
  const facts = element("div", { class: "al-large-facts", role: "group", tabindex: "0", "aria-label": "About this image" });
  const press = (/** @type {string} */ text, /** @type {string} */ name, /** @type {() => void} */ work) => {
    const button = element("button", { type: "button", class: "al-turn", "data-al": name }, text);
    button.addEventListener("click", work);
    return button;
  };
  const box = /** @type {HTMLDialogElement} */ (
    element(
      "dialog",
      { class: "al-large", "data-al": "large", "aria-labelledby": heading.id },
      element(
        "header",
        { class: "al-bar" },
        heading,
        press("Previous", "previous", () => onStep(-1)),
        press("Next", "next-image", () => onStep(1)),
        press("Close", "close", () => box.close()),
      ),
      frame,
      facts,
    )
  );
  box.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (facts.contains(/** @type {Node} */ (event.target))) return;
    if (event.key === "ArrowRight") onStep(1);
    if (event.key === "ArrowLeft") onStep(-1);
  });
  box.addEventListener("close", onClose);
  root.append(box);

  const clear = () => {
    if (url) URL.revokeObjectURL(url);
    url = "";
    frame.replaceChildren();
    facts.replaceChildren();
  };
  return {
    isOpen: () => box.open,
    wait() {
      if (!box.open) box.showModal();
      box.setAttribute("aria-busy", "true");
    },
    /** @param {any} image @param {DataView[]} buffers */
    show(image, buffers) {
      clear();
      box.removeAttribute("aria-busy");
      heading.textContent = `${image.title} · ${image.image_id}`;
      if (image.missing) frame.append(element("p", { class: "al-missing" }, image.missing));
      else {
        url = pictureUrl(buffers[0]);
        frame.append(element("img", { src: url, alt: `Image ${image.image_id} of ${image.title}` }));
      }
      const badges = image.badges.map((/** @type {any} */ each) =>
        element("span", { class: `al-badge al-badge-${each.look}` }, each.text),
      );
      facts.append(
        element("p", { class: "al-badges" }, ...badges),
        element("p", {}, image.caption),
        element("p", { class: "al-quiet" }, image.file),
        ...detailsBelow(image.details),
      );
    },
    /** @param {string} message */
    fail(message) {
      clear();
      box.removeAttribute("aria-busy");
      frame.append(element("p", { class: "al-missing" }, message));
    },
    close() {
      if (box.open) box.close();
    },
    end() {
      clear();
      box.remove();
    },
  };
}
