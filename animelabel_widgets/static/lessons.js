// The tutorial: an example, the volunteer's answer, the correct one, and why.

import { dialogButton } from "./dialogs.js";
import { element, pictureUrl } from "./dom.js";
import { FETCH_PATIENCE } from "./link.js";
import { mistakes, namesOf } from "./mistakes.js";
import { toggled } from "./queue.js";
import { keyAction, toggleButton } from "./view.js";

/**
 * @param {object} options
 * @param {ReturnType<typeof import("./dialogs.js").openDialogs>} options.dialogs
 * @param {ReturnType<typeof import("./words.js").openWords>} options.words
 * @param {{request: (message: object, patience: number) => Promise<any>}} options.link
 * @param {import("./storage.js").Box} options.lasting remembers how far the volunteer came
 * @param {import("./view.js").Label[]} options.labels
 * @param {string} options.exclusive
 * @param {() => void} options.onUnavailable
 */
export function openLessons({ dialogs, words, link, lasting, labels, exclusive, onUnavailable }) {
  const { say } = words;
  let url = "";

  const number = () => Number.parseInt(lasting.get("lesson") ?? "0", 10) || 0;

  const done = () => {
    lasting.set("taught", "1");
    lasting.set("lesson", "0");
    dialogs.close();
  };

  const start = async () => {
    const place = element("span", { "data-al": "lesson-place" }, say("tutorial.heading"));
    const stage = element("div", { class: "al-stage" }, element("div", { class: "al-skeleton" }));
    const verdict = element("div", { class: "al-verdict", role: "status", "data-al": "verdict" });
    const toggles = new Map(
      labels.map((label) => [label.key, toggleButton(label, words, "lesson", () => press(label.key))]),
    );
    const group = element(
      "div",
      { class: "al-labels", role: "group", "aria-label": say("page.question") },
      ...toggles.values(),
    );
    const go = dialogButton(say("tutorial.check"), "lesson-next", () => onward(), "al-primary");
    /** @type {any} */
    let lesson = null;
    /** @type {Object<string, boolean>} */
    let answer = {};
    let checked = false;
    let open = true;

    /** @param {string} key */
    const press = (key) => {
      if (!lesson || checked) return;
      answer = toggled(answer, key, exclusive);
      for (const [each, button] of toggles) button.setAttribute("aria-pressed", String(answer[each]));
    };

    const check = () => {
      checked = true;
      const found = mistakes(answer, lesson.answer);
      for (const [key, button] of toggles) {
        const mistake = found.find((each) => each.key === key);
        const mark = mistake?.kind ?? (lesson.answer[key] ? "right" : "");
        button.dataset.mark = mark;
        if (mark) button.append(element("span", { class: "al-mark" }, say(`mark.${mark}`)));
        button.setAttribute("aria-disabled", "true");
      }
      const points = found.map(({ key, kind }) =>
        element(
          "li",
          { "data-al": `${kind}-${key}` },
          element("strong", {}, say(`label.${key}.name`)),
          ` – ${words.pick(lesson[kind][key] ?? {}) ?? say(`${kind}.${key}`)}`,
        ),
      );
      verdict.dataset.right = String(found.length === 0);
      verdict.replaceChildren(
        element(
          "p",
          { "data-al": "correct" },
          element("strong", {}, say(found.length ? "tutorial.almost" : "tutorial.right")),
          ` ${say("tutorial.answer", { features: namesOf(words, lesson.answer) })}`,
        ),
        element("ul", { class: "al-points" }, ...points),
      );
      const last = lesson.number + 1 >= lesson.total;
      go.textContent = say(last ? "tutorial.finish" : "tutorial.next");
      lasting.set("lesson", String(last ? 0 : lesson.number + 1));
    };

    const onward = () => {
      if (!lesson) return;
      if (!checked) check();
      else if (lesson.number + 1 >= lesson.total) done();
      else load();
    };

    const load = async () => {
      const asked = number();
      lesson = null;
      try {
        const { content, buffers } = await link.request({ kind: "lesson", number: asked }, FETCH_PATIENCE);
        if (!open) return;
        if (content.kind !== "lesson") throw new Error(content.code);
        show(content, buffers[0]);
      } catch (error) {
        if (!open) return;
        // The tutorial has fewer examples now.
        if (/** @type {Error} */ (error).message === "malformed") lasting.set("lesson", "0");
        dialogs.close();
        onUnavailable();
      }
    };

    /** @param {any} content @param {DataView} jpeg */
    const show = (content, jpeg) => {
      lesson = content;
      checked = false;
      answer = Object.fromEntries(labels.map((label) => [label.key, false]));
      for (const button of toggles.values()) {
        button.setAttribute("aria-pressed", "false");
        button.removeAttribute("aria-disabled");
        button.querySelector(".al-mark")?.remove();
        delete button.dataset.mark;
      }
      place.textContent = say("tutorial.place", { number: content.number + 1, total: content.total });
      go.textContent = say("tutorial.check");
      delete verdict.dataset.right;
      verdict.replaceChildren(element("p", {}, say("tutorial.task")));
      URL.revokeObjectURL(url);
      url = pictureUrl(jpeg);
      const alt = say("picture.alt", { title: content.title });
      stage.replaceChildren(
        element("img", { class: "al-picture", src: url, alt, "data-al": "lesson-picture", "data-number": String(content.number) }),
      );
    };

    const skip = dialogButton(say("tutorial.skip"), "lesson-skip", done);
    const body = element(
      "div",
      { class: "al-lesson-body" },
      stage,
      verdict,
      group,
      go,
    );
    /** @param {KeyboardEvent} event */
    const onKey = (event) => {
      const button = /** @type {?Element} */ (event.target)?.localName === "button";
      const meant = keyAction(event, labels, button);
      if (meant?.action === "toggle") press(meant.key ?? "");
      else if (meant?.action === "next") onward();
      else return;
      event.preventDefault();
    };
    dialogs.show({
      name: "tutorial",
      heading: place,
      body: [body],
      look: "al-lesson",
      close: skip,
      onKey,
      onClose() {
        open = false;
        URL.revokeObjectURL(url);
      },
    });
    load();
  };

  return {
    start,
    /** Whether this browser has not gone through it, nor skipped it. */
    isNew: () => lasting.get("taught") === null,
  };
}
