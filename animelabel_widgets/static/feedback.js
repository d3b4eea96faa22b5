// After a picture whose answer is known: kindly, what was missed, and why.

import { dialogButton } from "./dialogs.js";
import { element } from "./dom.js";
import { mistakes, namesOf } from "./mistakes.js";

/**
 * @param {object} options
 * @param {ReturnType<typeof import("./dialogs.js").openDialogs>} options.dialogs
 * @param {ReturnType<typeof import("./words.js").openWords>} options.words
 * @param {import("./queue.js").Answer} options.said
 * @param {{answer: import("./queue.js").Answer, explanation: ?string}} options.known
 * @param {?{title: string, url: ?string}} options.picture if the page still has it
 * @returns {boolean} whether there was a mistake to show
 */
export function showKnown({ dialogs, words, said, known, picture }) {
  const found = mistakes(said, known.answer);
  if (found.length === 0) return false;
  const points = found.map(({ key, kind }) =>
    element(
      "li",
      { "data-al": `${kind}-${key}` },
      element("strong", {}, words.say(`label.${key}.name`)),
      ` – ${words.say(`${kind}.${key}`)}`,
    ),
  );
  const body = [
    element("p", {}, words.say("known.intro", { features: namesOf(words, known.answer) })),
    ...(known.explanation ? [element("p", { "data-al": "explanation" }, known.explanation)] : []),
    element("ul", { class: "al-points" }, ...points),
  ];
  if (picture?.url) {
    const alt = words.say("picture.alt", { title: picture.title });
    body.unshift(element("img", { class: "al-thumb-known", src: picture.url, alt }));
  }
  dialogs.show({
    name: "known",
    heading: words.say("known.heading"),
    body,
    buttons: [dialogButton(words.say("button.continue"), "continue", dialogs.close, "al-primary")],
  });
  return true;
}
