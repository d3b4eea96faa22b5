// The help: how it works, the keys, the language, and the way to the tutorial and the leaderboard.

import { dialogButton } from "./dialogs.js";
import { element, icon } from "./dom.js";

/**
 * @param {object} options
 * @param {ReturnType<typeof import("./dialogs.js").openDialogs>} options.dialogs
 * @param {ReturnType<typeof import("./words.js").openWords>} options.words
 * @param {import("./view.js").Label[]} options.labels
 * @param {() => void} [options.tutorial] shows it, where there is one
 * @param {() => void} [options.board] shows the leaderboard, where there is one
 * @param {(language: string) => void} options.speak
 */
export function showHelp(options) {
  const { dialogs, words, labels, tutorial, board, speak } = options;
  const { say } = words;
  const features = labels.map((label) =>
    element(
      "li",
      {},
      icon(label.icon),
      element(
        "span",
        {},
        element("strong", {}, say(`label.${label.key}.name`)),
        ` – ${say(`label.${label.key}.question`)}`,
      ),
    ),
  );
  /** @type {[string[], string][]} */
  const keys = [
    ...labels.map((label) => /** @type {[string[], string]} */ ([
      [label.shortcut, label.name[0]],
      say(`label.${label.key}.name`),
    ])),
    [["Enter", "→", say("help.key.space")], say("help.key.next")],
    [["←"], say("help.key.back")],
    [["?"], say("help.key.help")],
  ];
  const rows = keys.map(([names, does]) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, ...names.map((name) => element("kbd", { class: "al-key" }, name))),
      element("td", {}, does),
    ),
  );
  const select = element("select", { id: "al-language", "data-al": "language" });
  for (const [tag, name] of words.languages()) {
    const option = element("option", { value: tag, lang: tag }, name);
    option.toggleAttribute("selected", tag === words.language());
    select.append(option);
  }
  select.addEventListener("change", () => {
    speak(/** @type {HTMLSelectElement} */ (select).value);
    dialogs.close();
    showHelp(options);
  });
  /** @param {string} key @param {string} name @param {() => void} show */
  const way = (key, name, show) =>
    dialogButton(say(key), name, () => {
      dialogs.close();
      show();
    });
  dialogs.show({
    name: "help",
    heading: say("help.heading"),
    body: [
      element("p", {}, say("help.intro")),
      element("ul", { class: "al-features" }, ...features),
      element("p", { class: "al-touch" }, say("help.key.swipe")),
      element(
        "table",
        { class: "al-keys" },
        element("caption", {}, say("help.keys")),
        element("tbody", {}, ...rows),
      ),
      element(
        "p",
        { class: "al-language" },
        element("label", { for: "al-language" }, say("help.language")),
        select,
      ),
    ],
    buttons: [
      ...(tutorial ? [way("help.tutorial", "open-tutorial", tutorial)] : []),
      ...(board ? [way("help.board", "open-board", board)] : []),
    ],
  });
}
