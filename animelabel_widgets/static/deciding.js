// The state of a reviewer's page, apart from its view: the filter, the answer, the place in the list.

/**
 * @typedef {object} Filter
 * @property {Object<string, string>} features any, yes, no or unsure
 * @property {number[]} confidence percent of the least certain feature, from and to
 * @property {number[]} votes from and to
 * @property {number} disagreement percent of votes against the majority, at least
 * @property {?number} series
 * @property {string} kind any, anime or cartoon
 * @property {?number} state
 * @property {?number} reason
 * @property {string} order
 */

/** @param {string[]} keys of the features @returns {Filter} what lets every image through */
export function openFilter(keys) {
  return {
    features: Object.fromEntries(keys.map((key) => [key, "any"])),
    confidence: [0, 100],
    votes: [0, 1_000_000],
    disagreement: 0,
    series: null,
    kind: "any",
    state: null,
    reason: null,
    order: "hardest",
  };
}

/**
 * @param {Object<string, boolean>} answer
 * @param {string} key that is pressed
 * @param {string} exclusive the feature that excludes the others
 * @returns {Object<string, boolean>} the answer after it
 */
export function pressed(answer, key, exclusive) {
  const next = { ...answer, [key]: !answer[key] };
  if (!next[key]) return next;
  for (const other of Object.keys(next)) {
    if (other !== key && (key === exclusive || other === exclusive)) next[other] = false;
  }
  return next;
}

/**
 * @param {string[]} keys
 * @param {any} image as the server gives it
 * @returns {Object<string, boolean>} what stands, or what the crowd says
 */
export function standing(keys, image) {
  const said = image.review?.answer;
  return Object.fromEntries(
    keys.map((key) => [key, said ? said.includes(key) : (image.crowd[key] ?? 0) > 0.5]),
  );
}

/**
 * @param {{key: string, altKey: boolean, ctrlKey: boolean, metaKey: boolean}} event
 * @param {{key: string, name: string, shortcut: string}[]} labels
 * @returns {?string} settle, back, next, or the key of a feature
 */
export function meaningOf(event, labels) {
  if (event.altKey || event.ctrlKey || event.metaKey) return null;
  if (event.key === "Enter") return "settle";
  if (event.key === "ArrowLeft") return "back";
  if (event.key === "ArrowRight") return "next";
  const pressedKey = event.key.toLowerCase();
  const label = labels.find(
    ({ name, shortcut }) => pressedKey === shortcut || pressedKey === name[0].toLowerCase(),
  );
  return label ? label.key : null;
}
