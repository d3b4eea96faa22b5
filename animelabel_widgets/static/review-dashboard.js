// The reviewers' dashboard: the campaign's counts and plots, made when it is looked at.

import { element } from "./dom.js";
import { openLatest, percent } from "./review-parts.js";

/**
 * @param {string[]} plots their names
 * @param {(message: object) => Promise<?import("./link.js").Reply>} ask
 */
export function openDashboard(plots, ask) {
  const counts = element("dl", { class: "alr-counts", "data-al": "dashboard" });
  const figures = plots.map((name) => element("figure", { class: "alr-plot", tabindex: "0", "data-al": `plot-${name}` }));
  const node = element("div", { class: "alr-dashboard" }, counts, element("div", { class: "alr-plots" }, ...figures));

  /** @param {any} found */
  function count(found) {
    const rows = [
      ["Images", found.images],
      ["In the pool", found.states.open ?? 0],
      ["Retired", found.states.retired ?? 0],
      ["Reported", found.states.reported ?? 0],
      ["Ratings", found.ratings],
      ["Volunteers", found.volunteers],
      ["Settled", found.settled],
    ].map(([term, number]) => [term, number.toLocaleString("en")]);
    rows.push(["Sure of", `${percent(found.sure)} of the rated`]);
    counts.replaceChildren(
      ...rows.map(([term, value]) => element("div", {}, element("dt", {}, term), element("dd", {}, value))),
    );
  }

  const begun = openLatest();

  /** @param {string} name @param {HTMLElement} figure @param {() => boolean} isLatest of the look it is of */
  async function draw(name, figure, isLatest) {
    if (!figure.firstChild) figure.append(element("p", { class: "alr-fact" }, "Drawing …"));
    const reply = await ask({ kind: "plot", name });
    if (!isLatest()) return;
    if (reply?.content.kind !== "plot") {
      figure.replaceChildren(element("p", { class: "alr-fact" }, "This plot cannot be drawn just now: press Refresh."));
      return;
    }
    const { title, svg } = reply.content;
    figure.replaceChildren(drawing(svg, title));
  }

  return {
    node,
    async look() {
      const isLatest = begun();
      const reply = await ask({ kind: "dashboard" });
      if (!isLatest()) return;
      if (reply?.content.kind === "dashboard") count(reply.content);
      await Promise.all(plots.map((name, n) => draw(name, figures[n], isLatest)));
    },
  };
}

/**
 * The page may allow no style that is written in an element, so each is set by script.
 *
 * @param {string} svg @param {string} title @returns {Element}
 */
function drawing(svg, title) {
  const text = svg.replaceAll(' style="', ' data-style="');
  const parsed = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  const drawn = /** @type {SVGElement} */ (/** @type {any} */ (document.importNode(parsed, true)));
  for (const each of /** @type {SVGElement[]} */ ([drawn, ...drawn.querySelectorAll("[data-style]")])) {
    each.style.cssText = each.dataset.style ?? "";
  }
  drawn.setAttribute("aria-label", title);
  return drawn;
}
