// The words: the browser's language, the volunteer's choice, and values in the texts.

import assert from "node:assert/strict";
import { test } from "node:test";

import { isMilestone } from "../../animelabel_widgets/static/board.js";
import { mistakes } from "../../animelabel_widgets/static/mistakes.js";
import { swiped } from "../../animelabel_widgets/static/swipe.js";
import { chosenLanguage, openWords } from "../../animelabel_widgets/static/words.js";

const CATALOGUE = {
  en: { language: "English", hello: "Hello", count: "{count} rated", only: "English only" },
  hu: { language: "Magyar", hello: "Szia", count: "{count} értékelve" },
};

test("the browser's first known language is taken, and a choice wins", () => {
  assert.equal(chosenLanguage(CATALOGUE, ["de-AT", "hu-HU", "en"], null), "hu");
  assert.equal(chosenLanguage(CATALOGUE, ["de"], null), "en");
  assert.equal(chosenLanguage(CATALOGUE, ["hu"], "en"), "en");
  assert.equal(chosenLanguage(CATALOGUE, ["hu"], "constructor"), "hu");
});

test("numbers are written as the language does, and unknown texts fall back", () => {
  const words = openWords(CATALOGUE, "hu");
  assert.equal(words.say("count", { count: 12345 }).replace(/\s/g, " "), "12 345 értékelve");
  assert.equal(words.say("only"), "English only");
  assert.equal(words.say("count", { count: "<b>{count}</b>" }), "<b>{count}</b> értékelve");
});

test("texts that are bound follow a change of language", () => {
  const words = openWords(CATALOGUE, "en");
  const node = words.bind({ textContent: "" }, "hello");
  words.speak("hu");
  assert.equal(node.textContent, "Szia");
  assert.deepEqual(words.languages(), [["en", "English"], ["hu", "Magyar"]]);
  assert.equal(words.pick({ "": "all" }), "all");
  assert.equal(words.pick({ hu: "h", en: "e" }), "h");
  assert.equal(words.pick({ ja: "j" }), null);
});

test("a mistake is what was missed or is not there", () => {
  const right = { text: true, logo: false, person: true, empty: false };
  assert.deepEqual(mistakes({ text: false, logo: true, person: true, empty: false }, right), [
    { key: "text", kind: "missed" },
    { key: "logo", kind: "wrong" },
  ]);
  assert.deepEqual(mistakes(right, right), []);
});

test("milestones are rare, and rarer later", () => {
  const reached = [...Array(3001).keys()].filter(isMilestone);
  assert.deepEqual(reached, [10, 50, 100, 250, 500, 1000, 2000, 3000]);
});

test("a swipe is far and level", () => {
  assert.equal(swiped(-80, 10), "left");
  assert.equal(swiped(80, -30), "right");
  assert.equal(swiped(30, 0), null);
  assert.equal(swiped(80, 60), null);
});
