// The gallery: thumbnails page by page.

import { element, pictureUrl } from "./dom.js";
import { openLink } from "./link.js";

const PATIENCE = 30_000;

/** @param {any} item @param {DataView[]} buffers @returns {HTMLElement} */
function card(item, buffers) {
  const frame = element("div", { class: "al-thumb" });
  if (item.picture === null) {
    frame.append(element("span", { class: "al-missing" }, "The file cannot be shown"));
  } else {
    const alt = `Image ${item.image_id} of ${item.title}`;
    frame.append(element("img", { src: pictureUrl(buffers[item.picture]), alt }));
  }
  return element(
    "li",
    { class: "al-item", "data-al": "item", "data-image": String(item.image_id) },
    frame,
    element("p", { class: "al-item-title", title: item.title }, item.title),
    element("p", { class: "al-caption" }, item.caption),
  );
}

/** @param {{model: any, el: HTMLElement}} context @returns {() => void} what ends it */
function render({ model, el }) {
  const clock = {
    setTimeout: (work, delay) => setTimeout(work, delay),
    clearTimeout: (timer) => clearTimeout(timer),
  };
  const link = openLink(model, clock, Math.random);
  let number = 0;
  let asked = 0;

  const heading = element("h2", { class: "al-heading" }, model.get("heading"));
  const grid = element("ul", { class: "al-grid" });
  const place = element("p", { class: "al-place", role: "status", "aria-live": "polite" });
  const previous = turnButton("previous", "Previous", -1);
  const next = turnButton("next-page", "Next", 1);
  const root = element(
    "section",
    { class: "al-gallery", "data-al": "gallery", "aria-label": "Gallery" },
    element("header", { class: "al-bar" }, heading, place, previous, next),
    grid,
  );

  /** @param {string} role @param {string} name @param {number} step */
  function turnButton(role, name, step) {
    const button = element("button", { type: "button", class: "al-turn", "data-al": role }, name);
    button.addEventListener("click", () => turn(number + step));
    return button;
  }

  function clear() {
    for (const image of grid.querySelectorAll("img")) URL.revokeObjectURL(image.src);
    grid.replaceChildren();
  }

  /** @param {number} wanted the page, counted from 0 */
  async function turn(wanted) {
    asked += 1;
    const mine = asked;
    root.setAttribute("aria-busy", "true");
    try {
      const { content, buffers } = await link.request({ kind: "page", number: wanted }, PATIENCE);
      if (mine !== asked) return;
      if (content.kind === "page") showPage(content, buffers);
      else place.textContent = content.message;
    } catch {
      if (mine === asked) place.textContent = "The kernel does not answer. Run this cell again.";
    }
    root.removeAttribute("aria-busy");
  }

  /** @param {any} page @param {DataView[]} buffers */
  function showPage(page, buffers) {
    number = page.number;
    clear();
    grid.append(...page.items.map((/** @type {any} */ item) => card(item, buffers)));
    const images = page.total === 1 ? "1 image" : `${page.total.toLocaleString()} images`;
    place.textContent =
      page.total === 0 ? "No image matches." : `Page ${number + 1} of ${page.pages} · ${images}`;
    previous.toggleAttribute("disabled", number === 0);
    next.toggleAttribute("disabled", number + 1 >= page.pages);
  }

  el.append(root);
  turn(0);
  return () => {
    asked += 1;
    link.close();
    clear();
    root.remove();
  };
}

export default { render };
