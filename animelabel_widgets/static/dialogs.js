// Dialogs over the page, one at a time; those that come meanwhile wait.

import { element, icon, isHeldEnter } from "./dom.js";

const CROSS = "M6 6l12 12M18 6L6 18";

/**
 * @typedef {object} Dialog
 * @property {string} name
 * @property {string|Node} heading
 * @property {(Node|string)[]} body
 * @property {HTMLElement[]} [buttons]
 * @property {string} [look] a class of its own
 * @property {HTMLElement} [close] what ends it, in place of the usual button
 * @property {(event: KeyboardEvent) => void} [onKey] keys inside of it
 * @property {() => void} [onClose]
 */

/**
 * @param {HTMLElement} root where dialogs live, and where the focus returns to
 * @param {ReturnType<typeof import("./words.js").openWords>} words
 */
export function openDialogs(root, words) {
  /** @type {?HTMLDialogElement} */
  let current = null;
  /** @type {(() => void)[]} */
  const waiting = [];

  /** @param {Dialog} dialog */
  const open = (dialog) => {
    const id = `al-heading-${dialog.name}`;
    const heading = element("h2", { id, class: "al-dialog-heading", tabindex: "-1", autofocus: "" }, dialog.heading);
    const top = element("header", { class: "al-dialog-top" }, heading);
    const box = /** @type {HTMLDialogElement} */ (
      element("dialog", {
        class: `al-dialog ${dialog.look ?? ""}`,
        "data-al": `dialog-${dialog.name}`,
        "aria-labelledby": id,
      })
    );
    if (dialog.close) top.append(dialog.close);
    else {
      const close = element(
        "button",
        { type: "button", class: "al-round", "data-al": "close", "aria-label": words.say("button.close") },
        icon(CROSS, "al-stroke"),
      );
      close.addEventListener("click", () => box.close());
      top.append(close);
    }
    box.append(top, element("div", { class: "al-dialog-body" }, ...dialog.body));
    if (dialog.buttons) box.append(element("div", { class: "al-dialog-buttons" }, ...dialog.buttons));
    box.addEventListener("click", (event) => {
      if (event.target === box && !dialog.close) box.close();
    });
    box.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (isHeldEnter(event)) event.preventDefault();
      else dialog.onKey?.(event);
    });
    box.addEventListener("close", () => {
      box.remove();
      current = null;
      dialog.onClose?.();
      root.focus({ preventScroll: true });
      waiting.shift()?.();
    });
    current = box;
    root.append(box);
    box.showModal();
  };

  return {
    /** @param {Dialog} dialog */
    show(dialog) {
      if (current) waiting.push(() => open(dialog));
      else open(dialog);
    },
    isOpen: () => current !== null,
    close() {
      current?.close();
    },
    /** Close what is open and forget what waits: the page ends. */
    end() {
      waiting.length = 0;
      current?.close();
    },
  };
}

/**
 * @param {string} text @param {string} name for tests @param {() => void} onPress
 * @param {string} [look]
 */
export function dialogButton(text, name, onPress, look = "") {
  const button = element("button", { type: "button", class: look, "data-al": name }, text);
  button.addEventListener("click", onPress);
  return button;
}
