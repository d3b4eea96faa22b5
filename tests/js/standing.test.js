// Who must wait is told when to go on, in words of their language.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { openStanding } from "../../animelabel_widgets/static/standing.js";
import { openBox } from "../../animelabel_widgets/static/storage.js";
import { openWords } from "../../animelabel_widgets/static/words.js";
import { MemoryStorage } from "./doubles.js";

const WORDS = new URL("../../animelabel_widgets/static/words/", import.meta.url);
const read = (language) => JSON.parse(readFileSync(new URL(`${language}.json`, WORDS), "utf-8"));
const CATALOGUE = Object.fromEntries(["en", "hu", "ja"].map((language) => [language, read(language)]));
const NOON = new Date(2026, 0, 1, 12, 0, 30).getTime();

/** Give what the page says. */
function told(visiting, { language = "en", pending = 0 } = {}) {
  const said = {};
  const standing = openStanding({
    view: {
      link: (text, state) => Object.assign(said, { link: text, state }),
      count: () => {},
      progress: () => {},
      state: () => {},
      say: (text, mood) => Object.assign(said, { text, mood }),
    },
    words: openWords(CATALOGUE, language),
    link: { request: async () => ({ content: {} }) },
    lasting: openBox(() => new MemoryStorage(), "c."),
    app: true,
    mail: () => ({ pending, full: false }),
    visit: () => ({ trouble: "slow", wait: 0, greeted: true, finished: false, shown: true, ...visiting }),
    now: () => NOON,
  });
  standing.show();
  return said;
}

for (const [language, soon, late] of [
  ["en", "in 13 s", /at 12:04\sPM/],
  ["hu", "13 mp múlva", /ekkor: 12:04/],
  ["ja", "13秒後", /^速いですね！12:04から/],
]) {
  test(`a short wait is told in seconds, a long one as the time of day: ${language}`, () => {
    const short = told({ wait: 12_001 }, { language });
    assert.ok(short.text.includes(soon), short.text);
    assert.equal(short.mood, "trouble");
    // Half a minute past noon, and three minutes: not before all of it is over.
    assert.match(told({ wait: 180_000 }, { language }).text, late);
  });
}

test("who is not greeted yet is told when to come back", () => {
  assert.match(told({ wait: 18_000, greeted: false }).text, /starts in 18 s/);
  assert.match(told({ wait: 1_770_000, greeted: false }).text, /come back at 12:30\sPM/);
});

test("what is unsent waits, and nothing is said of a wait that is over", () => {
  assert.deepEqual(
    [told({ wait: 5_000 }, { pending: 3 }).link, told({ trouble: "" }, { pending: 3 }).link],
    ["3 waiting", "sending"],
  );
  assert.equal(told({ trouble: "" }).text, CATALOGUE.en["status.hint"]);
});
