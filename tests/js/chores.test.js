// What waits for the screen is done in order, once, and earlier where it must be.

import assert from "node:assert/strict";
import { test } from "node:test";

import { openChores } from "../../animelabel_widgets/static/chores.js";
import { settled } from "./doubles.js";

test("chores wait for the paint, and are done in order", async () => {
  let paint;
  const done = [];
  const chores = openChores(() => new Promise((resolve) => (paint = resolve)));
  for (const name of ["a", "b"]) chores.later(() => done.push(name));
  await settled();
  assert.deepEqual(done, []);
  paint();
  await settled();
  assert.deepEqual(done, ["a", "b"]);
  chores.later(() => done.push("c"));
  chores.now();
  assert.deepEqual(done, ["a", "b", "c"]);
  paint();
  await settled();
  assert.deepEqual(done, ["a", "b", "c"]);
});
