// A visit waits where the server asks to slow down, and goes on by itself.

import assert from "node:assert/strict";
import { test } from "node:test";

import { FETCH_PATIENCE, openLink } from "../../animelabel_widgets/static/link.js";
import { openBox } from "../../animelabel_widgets/static/storage.js";
import { openVisit } from "../../animelabel_widgets/static/visit.js";
import { Comm, HandClock, MemoryStorage, settled } from "./doubles.js";

const SLOW = { kind: "error", code: "slow-down", message: "Later." };
const TOO_EARLY = { kind: "error", code: "no-hello", message: "Who is it?" };
const WELCOME = { kind: "welcome", tasks: [] };
const NO_MORE = { kind: "tasks", tasks: [], finished: true };

const item = (assignment) => ({
  assignment,
  title: "A",
  answer: {},
  said: null,
  revision: -1,
  url: "blob:",
});

async function open() {
  const comm = new Comm();
  const clock = new HandClock();
  /** What the page was told, each time that something changed. */
  const told = [];
  const visit = openVisit({
    link: openLink(comm, clock, () => 0),
    album: { takeAll: (tasks) => tasks.map(item), forget: () => {} },
    lasting: openBox(() => new MemoryStorage(), "c."),
    ofTab: openBox(() => new MemoryStorage(), "c."),
    clock,
    now: () => clock.now,
    answerOf: (pressed) => pressed,
    unsent: () => null,
    onGreeted: () => {},
    onStarted: () => {},
    onPictures: () => {},
    onTrouble: () => told.push([visit.trouble(), visit.wait()]),
  });
  visit.pump();
  await settled();
  const kinds = () => comm.sent.map((each) => each.kind);
  let answered = 0;
  /** As the server does, in turn. */
  const answer = (content) => {
    answered += 1;
    return comm.reply({ id: comm.sent[answered - 1].id, ...content });
  };
  return { comm, clock, told, visit, kinds, answer };
}

test("a fetch that is told to slow down is asked again when the time is over, not before", async () => {
  const { clock, told, visit, kinds, answer } = await open();
  await answer(WELCOME);
  await answer({ ...SLOW, wait_ms: 4_000 });
  assert.deepEqual([visit.trouble(), visit.wait()], ["slow", 4_000]);
  await clock.pass(3_999);
  visit.pump();
  visit.lookAgain();
  await settled();
  assert.deepEqual([kinds(), visit.trouble()], [["hello", "fetch"], "slow"]);
  await clock.pass(1);
  assert.deepEqual([kinds(), visit.trouble()], [["hello", "fetch", "fetch"], ""]);
  assert.deepEqual(told.at(-1), ["", 0]);
  await answer({ kind: "tasks", tasks: ["a", "b", "c", "d", "e"], finished: false });
  assert.equal(visit.active().assignment, "a");
});

test("what succeeds meanwhile does not clear it, and ends no wait", async () => {
  const { clock, visit, kinds, answer } = await open();
  await answer(WELCOME);
  visit.slow(4_000);
  await answer({ kind: "tasks", tasks: ["a"], finished: false });
  visit.heard("");
  assert.deepEqual([visit.trouble(), kinds()], ["slow", ["hello", "fetch"]]);
  assert.equal(visit.active().assignment, "a");
  visit.slow(1_000);
  await clock.pass(3_999);
  assert.deepEqual([visit.trouble(), kinds()], ["slow", ["hello", "fetch"]]);
  await clock.pass(1);
  assert.deepEqual([visit.trouble(), kinds()], ["", ["hello", "fetch", "fetch"]]);
});

test("a new volunteer who must wait is greeted when the time is over", async () => {
  const { clock, visit, kinds, answer } = await open();
  await answer({ ...SLOW, wait_ms: 18_000 });
  await answer(TOO_EARLY);
  assert.deepEqual([visit.greeted(), visit.trouble(), visit.wait()], [false, "slow", 18_000]);
  for (let second = 0; second < 17; second += 1) await clock.pass(1_000);
  assert.deepEqual(kinds(), ["hello", "fetch"]);
  await clock.pass(1_000);
  assert.deepEqual(kinds(), ["hello", "fetch", "hello", "fetch"]);
  await answer(WELCOME);
  assert.deepEqual([visit.greeted(), visit.trouble()], [true, ""]);
});

test("the page says every five seconds how long it is still", async () => {
  const { clock, told, answer } = await open();
  await answer({ ...SLOW, wait_ms: 12_000 });
  for (let second = 0; second < 12; second += 1) await clock.pass(1_000);
  assert.deepEqual(told, [
    ["slow", 12_000],
    ["slow", 7_000],
    ["slow", 2_000],
    ["", 0],
  ]);
});

test("no connection is worse than waiting", async () => {
  const { clock, visit, answer } = await open();
  await answer({ ...SLOW, wait_ms: 60_000 });
  visit.heardNothing();
  assert.equal(visit.trouble(), "offline");
  visit.heard("");
  assert.equal(visit.trouble(), "slow");
  visit.close();
  await clock.pass(FETCH_PATIENCE);
  assert.equal(clock.waiting, 0);
});

test("where all is rated, looking again waits too", async () => {
  const { clock, visit, kinds, answer } = await open();
  await answer(WELCOME);
  await answer(NO_MORE);
  assert.ok(visit.queue().finished);
  visit.slow(5_000);
  visit.lookAgain();
  assert.deepEqual(kinds(), ["hello", "fetch"]);
  await clock.pass(5_000);
  assert.deepEqual(kinds(), ["hello", "fetch", "fetch"]);
});

test("the first picture is asked for together with the greeting", async () => {
  const { visit, kinds, answer } = await open();
  assert.deepEqual(kinds(), ["hello", "fetch"]);
  await answer(WELCOME);
  await answer({ kind: "tasks", tasks: ["a"], finished: false });
  assert.equal(visit.active().assignment, "a");
  assert.deepEqual(kinds(), ["hello", "fetch", "fetch"]);
});

test("a first fetch that came too early is asked for again", async () => {
  const { visit, kinds, answer } = await open();
  await answer(WELCOME);
  await answer(TOO_EARLY);
  assert.deepEqual(kinds(), ["hello", "fetch", "fetch"]);
  await answer({ kind: "tasks", tasks: ["a"], finished: false });
  assert.equal(visit.active().assignment, "a");
});
