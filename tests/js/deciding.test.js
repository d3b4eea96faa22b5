// The state of the reviewers' page: answers, keys, what stands.

import assert from "node:assert/strict";
import { test } from "node:test";

import { meaningOf, openFilter, pressed, standing } from "../../animelabel_widgets/static/deciding.js";

const KEYS = ["text", "logo", "person", "empty"];
const LABELS = [
  { key: "text", name: "Text", shortcut: "1" },
  { key: "person", name: "Character", shortcut: "3" },
];
const key = (name, more = {}) => ({ key: name, altKey: false, ctrlKey: false, metaKey: false, ...more });

test("empty excludes the others, and is released by them", () => {
  const empty = pressed({ text: true, logo: false, person: true, empty: false }, "empty", "empty");
  assert.deepEqual(empty, { text: false, logo: false, person: false, empty: true });
  assert.deepEqual(pressed(empty, "logo", "empty"), { text: false, logo: true, person: false, empty: false });
  assert.equal(pressed(empty, "empty", "empty").empty, false);
});

test("a decision stands before what the crowd says", () => {
  const crowd = { text: 0.9, logo: 0.1, person: null, empty: 0 };
  assert.equal(standing(KEYS, { crowd, review: null }).text, true);
  assert.deepEqual(standing(KEYS, { crowd, review: { answer: ["person"] } }), {
    text: false,
    logo: false,
    person: true,
    empty: false,
  });
});

test("keys mean features by number and letter, and moves", () => {
  assert.equal(meaningOf(key("1"), LABELS), "text");
  assert.equal(meaningOf(key("C"), LABELS), "person");
  assert.equal(meaningOf(key("Enter"), LABELS), "settle");
  assert.equal(meaningOf(key("ArrowLeft"), LABELS), "back");
  assert.equal(meaningOf(key("t", { ctrlKey: true }), LABELS), null);
  assert.equal(meaningOf(key("x"), LABELS), null);
});

test("an open filter lets everything through", () => {
  const filter = openFilter(KEYS);
  assert.deepEqual(new Set(Object.values(filter.features)), new Set(["any"]));
  assert.equal(filter.order, "hardest");
});
