// The reviewers' filters: a field for each, and the filter that they make together.

import { openFilter } from "./deciding.js";
import { element } from "./dom.js";

const ORDERS = [["hardest", "hardest first"], ["disagreement", "most disagreement"], ["votes", "most votes"], ["number", "number"]];
const WIDE = "(min-width: 760px)";

/**
 * @param {{labels: any[], states: string[], reasons: string[], series: [number, string][]}} known
 * @param {(filter: import("./deciding.js").Filter) => void} onChange
 * @returns {{node: HTMLElement, filter: () => import("./deciding.js").Filter}}
 */
export function openFilters({ labels, states, reasons, series }, onChange) {
  let filter = openFilter(labels.map((label) => label.key));
  const same = (/** @type {string[]} */ names) => names.map((each) => [each, each]);
  const coded = (/** @type {string[]} */ names) => names.map((each, n) => [String(n), each]);
  const code = (/** @type {string} */ value) => (value === "" ? null : Number(value));
  const features = labels.map((label) =>
    choice(label.name, same(["any", "yes", "no", "unsure"]), `feature-${label.key}`, (value) => ({
      features: { ...filter.features, [label.key]: value },
    })),
  );
  const fields = [
    choice("Order", ORDERS, "order", (order) => ({ order })),
    element("div", { class: "alr-pair" }, ...features),
    choice("State", [["", "any"], ...coded(states)], "state", (value) => ({ state: code(value) })),
    choice("Why", [["", "any"], ...coded(reasons).slice(1)], "reason", (value) => ({ reason: code(value) })),
    choice("Series", [["", "all"], ...series.map(([key, title]) => [String(key), title])], "series", (value) => ({ series: code(value) })),
    choice("Kind", same(["any", "anime", "cartoon"]), "kind", (kind) => ({ kind })),
    element(
      "div",
      { class: "alr-pair" },
      number("Sure, % from", 0, 100, 0, "sure-from", (value) => ({ confidence: [value, filter.confidence[1]] })),
      number("to", 0, 100, 100, "sure-to", (value) => ({ confidence: [filter.confidence[0], value] })),
      number("Votes, from", 0, 1_000_000, 0, "votes-from", (value) => ({ votes: [value, filter.votes[1]] })),
      number("to", 0, 1_000_000, "", "votes-to", (value) => ({ votes: [filter.votes[0], value] })),
    ),
    number("Disagreement, % from", 0, 50, 0, "disagreement", (disagreement) => ({ disagreement })),
  ];
  const form = element("form", { class: "alr-filters", "aria-label": "Filters", "data-al": "filters" }, ...fields);
  form.addEventListener("submit", (event) => event.preventDefault());
  const clear = element("button", { type: "reset", class: "alr-button", "data-al": "filter-clear" }, "Clear filters");
  form.append(clear);
  form.addEventListener("reset", () => {
    filter = openFilter(labels.map((label) => label.key));
    onChange(filter);
  });
  const node = element("details", { class: "alr-side" }, element("summary", { "data-al": "filters-open" }, "Filters"), form);
  node.toggleAttribute("open", matchMedia(WIDE).matches);

  /** @param {object} part */
  function change(part) {
    filter = { ...filter, ...part };
    onChange(filter);
  }

  /** @param {string} text @param {string[][]} options @param {string} role @param {(value: string) => object} part */
  function choice(text, options, role, part) {
    const field = /** @type {HTMLSelectElement} */ (
      element("select", { "data-al": `filter-${role}` }, ...options.map(([value, shown]) => element("option", { value }, shown)))
    );
    field.addEventListener("change", () => change(part(field.value)));
    return element("label", { class: "alr-field" }, text, field);
  }

  /** @param {string} text @param {number} low @param {number} high @param {number|""} value "" for no end @param {string} role @param {(value: number) => object} part */
  function number(text, low, high, value, role, part) {
    const field = /** @type {HTMLInputElement} */ (
      element("input", { type: "number", min: String(low), max: String(high), value: String(value), placeholder: "any", "data-al": `filter-${role}` })
    );
    field.addEventListener("change", () => {
      if (!field.checkValidity()) field.value = String(value);
      if (field.value === "") field.value = String(value);
      change(part(field.value === "" ? high : Math.round(Number(field.value))));
    });
    return element("label", { class: "alr-field" }, text, field);
  }

  return { node, filter: () => filter };
}
