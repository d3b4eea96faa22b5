// The order of pictures: what is asked for, where Back and Next lead, what a reload brings back.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  FILL,
  LOW_WATER,
  REACH,
  active,
  add,
  advance,
  canGoBack,
  canResume,
  caughtUp,
  changeItem,
  emptyQueue,
  goBack,
  needs,
  resumed,
  sameAnswer,
  toResume,
  toggled,
} from "../../animelabel_widgets/static/queue.js";

const NONE = { text: false, logo: false, person: false, empty: false };
const item = (name, said = null) => ({
  assignment: name,
  title: "A",
  url: `blob:${name}`,
  answer: said ?? NONE,
  said,
  revision: said ? 0 : -1,
});
const filled = (count) =>
  add(emptyQueue(), Array.from({ length: count }, (_, place) => item(`a${place}`)));
const walk = (queue, steps) => {
  let walked = queue;
  for (let step = 0; step < steps; step += 1) walked = advance(walked).queue;
  return walked;
};

test("the first picture is asked for alone, then the queue is filled", () => {
  assert.equal(needs(emptyQueue()), 1);
  assert.equal(needs(filled(1)), FILL);
});

test("more is asked for only below the low-water mark", () => {
  for (let coming = 0; coming <= FILL; coming += 1) {
    assert.equal(needs(filled(coming + 1)), coming < LOW_WATER ? FILL - coming : 0);
  }
});

test("a finished server is not asked", () => {
  assert.equal(needs({ ...emptyQueue(), finished: true }), 0);
});

test("Next and Back walk the same pictures", () => {
  const queue = walk(filled(3), 2);
  assert.equal(active(queue).assignment, "a2");
  assert.equal(active(goBack(queue)).assignment, "a1");
  assert.equal(active(walk(goBack(goBack(queue)), 2)).assignment, "a2");
});

test("there is nothing before the first and nothing after the last", () => {
  assert.equal(canGoBack(filled(1)), false);
  assert.equal(active(goBack(filled(1))).assignment, "a0");
  const end = walk(filled(1), 3);
  assert.equal(active(end), null);
  assert.equal(active(goBack(end)).assignment, "a0");
});

test("the oldest pictures fall out and the active one stays", () => {
  let queue = filled(REACH + 5);
  const dropped = [];
  for (let step = 0; step < REACH + 3; step += 1) {
    const moved = advance(queue);
    queue = moved.queue;
    dropped.push(...moved.dropped.map((each) => each.assignment));
  }
  assert.deepEqual(dropped, ["a0", "a1", "a2"]);
  assert.equal(active(queue).assignment, `a${REACH + 3}`);
  assert.equal(queue.index, REACH);
});

test("a picture that comes twice is there once", () => {
  assert.equal(add(filled(2), [item("a1"), item("a2")]).items.length, 3);
});

test("after a reload, rated pictures are past and the first open one is active", () => {
  const queue = resumed([item("a0", NONE), item("a1", NONE), item("a2"), item("a3")]);
  assert.equal(active(queue).assignment, "a2");
  assert.equal(active(goBack(queue)).assignment, "a1");
});

test("a reload asks for at most twenty, ten of them past", () => {
  const queue = walk(filled(40), 15);
  const asked = toResume(queue);
  assert.equal(asked.length, 20);
  assert.equal(asked[0], "a5");
  assert.ok(asked.includes("a15"));
});

test("empty releases the others, and they release it", () => {
  const busy = toggled(toggled(NONE, "text", "empty"), "person", "empty");
  assert.deepEqual(busy, { ...NONE, text: true, person: true });
  const empty = toggled(busy, "empty", "empty");
  assert.deepEqual(empty, { ...NONE, empty: true });
  assert.deepEqual(toggled(empty, "logo", "empty"), { ...NONE, logo: true });
  assert.deepEqual(toggled(empty, "empty", "empty"), NONE);
});

test("a change of one item leaves the others and the former queue alone", () => {
  const queue = filled(2);
  const changed = changeItem(queue, "a1", { revision: 4 });
  assert.deepEqual(changed.items.map((each) => each.revision), [-1, 4]);
  assert.deepEqual(queue.items.map((each) => each.revision), [-1, -1]);
});

test("an answer is the same only if every feature is", () => {
  assert.ok(sameAnswer(NONE, { ...NONE }));
  assert.ok(!sameAnswer(NONE, { ...NONE, logo: true }));
  assert.ok(!sameAnswer(NONE, null));
});

test("what is still on its way counts more than what the server knows", () => {
  const answer = { ...NONE, logo: true };
  const known = caughtUp(item("a0"), { answer, revision: 0 });
  assert.deepEqual([known.said, known.answer, known.revision], [answer, answer, 0]);
  const queue = resumed([known, item("a1")]);
  assert.equal(active(queue).assignment, "a1");
});

test("what the server knows already is left alone", () => {
  const rated = item("a0", NONE);
  assert.equal(caughtUp(rated, { answer: { ...NONE, logo: true }, revision: 0 }), rated);
  assert.equal(caughtUp(rated, null), rated);
});

test("only a short list of assignments is asked for again", () => {
  const id = "01234567-89ab-4cde-8f01-23456789abcd";
  assert.ok(canResume([]));
  assert.ok(canResume([id, id]));
  for (const strange of [null, {}, id, ["a0"], [7], [`${id} `], Array(21).fill(id)]) {
    assert.ok(!canResume(strange), JSON.stringify(strange));
  }
});
