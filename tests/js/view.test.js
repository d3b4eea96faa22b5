// What a key means; and that the modules which need a page find all that they import.

import assert from "node:assert/strict";
import { test } from "node:test";

import gallery from "../../animelabel_widgets/static/gallery.js";
import labeler from "../../animelabel_widgets/static/labeler.js";
import { keyAction } from "../../animelabel_widgets/static/view.js";

const LABELS = [{ key: "text", shortcut: "1" }, { key: "logo", shortcut: "2" }];
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
  for (const key of ["3", "a", " ", "Tab", "Escape"]) assert.equal(meaning(key), null);
});

test("Enter on a button reached with Tab is left to the button", () => {
  assert.equal(meaning("Enter", {}, true), null);
  assert.deepEqual(meaning("ArrowRight", {}, true), { action: "next" });
});

test("a key that is held down, or pressed with a modifier, does nothing", () => {
  for (const more of [{ repeat: true }, { ctrlKey: true }, { metaKey: true }, { altKey: true }]) {
    assert.equal(meaning("ArrowRight", more), null);
  }
});
