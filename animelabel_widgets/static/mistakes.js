// What was missed and what was not there, and the words that explain each mistake.

/**
 * @typedef {{key: string, kind: "missed"|"wrong"}} Mistake
 * @param {import("./queue.js").Answer} said
 * @param {import("./queue.js").Answer} right
 * @returns {Mistake[]} in the order of the features
 */
export function mistakes(said, right) {
  return Object.keys(right)
    .filter((key) => Boolean(said[key]) !== right[key])
    .map((key) => ({ key, kind: right[key] ? "missed" : "wrong" }));
}

/**
 * @param {ReturnType<typeof import("./words.js").openWords>} words
 * @param {import("./queue.js").Answer} answer
 * @returns {string} its features by their names
 */
export function namesOf(words, answer) {
  const names = Object.keys(answer).filter((key) => answer[key]);
  return names.map((key) => words.say(`label.${key}.name`)).join(", ") || words.say("tutorial.nothing");
}
