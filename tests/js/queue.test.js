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
  filled as filledWith,
  frontier,
  missing,
  moved,
  needs,
  preferReady,
  restored,
  sameAnswer,
  toResume,
  toggled,
  without,
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

test("once begun, the queue is filled to the top", () => {
  assert.equal(needs(filled(FILL - 1), FILL), 2);
  assert.equal(needs(filled(FILL + 1), FILL), 0);
});

test("a finished server is not asked", () => {
  assert.equal(needs({ ...emptyQueue(), finished: true }), 0);
});

test("Next and Back walk the same pictures", () => {
  const queue = walk(filled(3), 2);
  assert.equal(active(queue).assignment, "a2");
  assert.equal(active(moved(queue, -1)).assignment, "a1");
  assert.equal(active(walk(moved(queue, -2), 2)).assignment, "a2");
});

test("there is nothing before the first and nothing after the last", () => {
  assert.equal(canGoBack(filled(1)), false);
  assert.equal(active(moved(filled(1), -1)).assignment, "a0");
  const end = walk(filled(1), 3);
  assert.equal(active(end), null);
  assert.equal(active(moved(end, -1)).assignment, "a0");
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

const ids = (queue) => queue.items.map((each) => each.assignment);

test("a reload begins at the same picture, and the others are asked for around it", () => {
  let queue = restored(toResume(walk(filled(12), 5)));
  assert.equal(active(queue).assignment, "a5");
  assert.deepEqual(missing(queue), ["a5"]);
  queue = filledWith(queue, ["a5"], [item("a5")]);
  assert.deepEqual(missing(queue), ["a6", "a7", "a8"]);
  queue = filledWith(queue, ["a6", "a7", "a8"], ["a6", "a7", "a8"].map((name) => item(name)));
  assert.deepEqual(missing(queue), ["a4", "a3", "a2"]);
  assert.deepEqual(ids(queue), Array.from({ length: 12 }, (_, place) => `a${place}`));
});

test("a reload remembers the last hundred pictures and those that were to come", () => {
  const { assignments, index } = toResume({ ...filled(150), index: 130 });
  assert.equal(index, REACH);
  assert.equal(assignments[index], "a130");
  assert.equal(assignments.length, REACH + 10);
});

test("what does not come again is left out, and the active picture stays", () => {
  const queue = restored({ assignments: ["a0", "a1", "a2"], index: 2 });
  const left = filledWith(queue, ["a1", "a2"], [item("a2")]);
  assert.deepEqual([ids(left), left.index], [["a0", "a2"], 1]);
  const other = filledWith(queue, ["a2"], []);
  assert.equal(active(other), null);
});

test("a picture that is taken out gives its place to the next", () => {
  const queue = walk(filled(4), 2);
  assert.equal(active(without(queue, "a2")).assignment, "a3");
  assert.equal(active(without(queue, "a0")).assignment, "a2");
  assert.equal(without(queue, "zz"), queue);
});

test("a slow picture lets one pass that is ready, and is not lost", () => {
  const queue = walk(filled(4), 1);
  const passed = preferReady(queue, (each) => each.assignment === "a3");
  assert.deepEqual([ids(passed), passed.index], [["a0", "a3", "a1", "a2"], 1]);
  assert.equal(preferReady(queue, () => false), queue);
  assert.equal(preferReady(queue, () => true), queue);
  const asked = changeItem(queue, "a1", { url: null });
  assert.equal(preferReady(asked, (each) => each.assignment === "a3"), asked);
});

test("Forward goes as far as pictures were shown", () => {
  let queue = filled(6);
  for (const name of ["a0", "a1"]) queue = changeItem(queue, name, { said: NONE });
  queue = { ...queue, index: 0 };
  assert.equal(frontier(queue), 2);
  assert.equal(active(moved(queue, 9)).assignment, "a2");
  assert.equal(active(moved(moved(queue, 2), -1)).assignment, "a1");
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
});

test("what the server knows already is left alone", () => {
  const rated = item("a0", NONE);
  assert.equal(caughtUp(rated, { answer: { ...NONE, logo: true }, revision: 0 }), rated);
  assert.equal(caughtUp(rated, null), rated);
});

test("only a short list of assignments is asked for again", () => {
  const id = "01234567-89ab-4cde-8f01-23456789abcd";
  const kept = (assignments, index = 0) => ({ assignments, index });
  assert.ok(canResume(kept([])));
  assert.ok(canResume(kept([id, id], 2)));
  const lists = [id, ["a0"], [7], [`${id} `], Array(111).fill(id), null];
  for (const strange of [null, {}, [id], kept([id], 2), kept([id], -1), kept([id], 0.5), ...lists.map((each) => kept(each))]) {
    assert.ok(!canResume(strange), JSON.stringify(strange));
  }
});
