// "Can't tell / report": why a picture cannot be rated.

import { dialogButton } from "./dialogs.js";
import { element } from "./dom.js";

const REASONS = ["unclear", "broken", "offensive"];

/**
 * @param {ReturnType<typeof import("./dialogs.js").openDialogs>} dialogs
 * @param {ReturnType<typeof import("./words.js").openWords>} words
 * @param {(reason: string) => void} onReport
 */
export function askReason(dialogs, words, onReport) {
  const reasons = REASONS.map((reason) =>
    dialogButton(words.say(`report.${reason}`), `report-${reason}`, () => {
      dialogs.close();
      onReport(reason);
    }),
  );
  dialogs.show({
    name: "report",
    heading: words.say("report.heading"),
    body: [
      element("div", { class: "al-choices" }, ...reasons),
      element("p", { class: "al-quiet" }, words.say("report.intro")),
    ],
  });
}
