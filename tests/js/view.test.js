// What a key means; and that the modules which need a page find all that they import.

import assert from "node:assert/strict";
import { test } from "node:test";

import gallery from "../../animelabel_widgets/static/gallery.js";
import labeler from "../../animelabel_widgets/static/labeler.js";
import { keyAction } from "../../animelabel_widgets/static/view.js";

const LABELS = [
  { key: "text", name: "Text", shortcut: "1" },
  { key: "logo", name: "Logo", shortcut: "2" },
];
const meaning = (key, more = {}, onButton = false) => keyAction({ key, ...more }, LABELS, onButton);

test("both widgets can be loaded", () => {
  assert.equal(typeof labeler.render, "function");
  assert.equal(typeof gallery.render, "function");
});

test("numbers toggle, Enter and the arrows move", () => {
  assert.deepEqual(meaning("2"), { action: "toggle", key: "logo" });
  assert.deepEqual(meaning("Enter"), { action: "next" });
  assert.deepEqual(meaning("ArrowRight"), { action: "next" });
  assert.deepEqual(meaning("ArrowLeft"), { action: "back" });
  assert.deepEqual(meaning("Backspace"), { action: "back" });
  assert.deepEqual(meaning(" "), { action: "next" });
  assert.deepEqual(meaning("?"), { action: "help" });
  for (const key of ["3", "a", "Tab", "Escape"]) assert.equal(meaning(key), null);
});

test("a feature's first letter toggles it too", () => {
  assert.deepEqual(meaning("l"), { action: "toggle", key: "logo" });
  assert.deepEqual(meaning("T"), { action: "toggle", key: "text" });
});

test("Enter and Space on a button reached with Tab are left to the button", () => {
  assert.equal(meaning("Enter", {}, true), null);
  assert.equal(meaning(" ", {}, true), null);
  assert.deepEqual(meaning("ArrowRight", {}, true), { action: "next" });
});

test("a key that is held down, or pressed with a modifier, does nothing", () => {
  for (const more of [{ repeat: true }, { ctrlKey: true }, { metaKey: true }, { altKey: true }]) {
    assert.equal(meaning("ArrowRight", more), null);
  }
});
