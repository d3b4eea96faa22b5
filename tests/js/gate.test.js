// When a vote counts: after its picture is painted, and not as the echo of the last one.

import assert from "node:assert/strict";
import { test } from "node:test";

import { ECHO, openGate } from "../../animelabel_widgets/static/gate.js";
import { HandClock, settled } from "./doubles.js";

function open() {
  const clock = new HandClock();
  const paints = [];
  const painted = () => new Promise((resolve) => paints.push(resolve));
  const changes = [];
  const onChange = (open) => changes.push(open);
  return { clock, paints, changes, gate: openGate({ painted, clock, now: () => clock.now, onChange }) };
}

test("nothing counts before the picture is decoded and painted", async () => {
  const { gate, paints } = open();
  let decoded;
  gate.show("a", new Promise((resolve) => (decoded = resolve)));
  await settled();
  assert.deepEqual([gate.canPress(), gate.canVote(), paints.length], [false, false, 0]);
  decoded();
  await settled();
  assert.deepEqual([gate.canPress(), paints.length], [false, 1]);
  paints[0]();
  await settled();
  assert.deepEqual([gate.canPress(), gate.canVote()], [true, true]);
});

test("the second click of a double click finds the gate shut", async () => {
  const { gate, paints, clock } = open();
  gate.moved();
  gate.show("b", Promise.resolve());
  await settled();
  paints[0]();
  await settled();
  assert.deepEqual([gate.canPress(), gate.canVote()], [true, false]);
  await clock.pass(ECHO - 1);
  assert.equal(gate.canVote(), false);
  await clock.pass(1);
  assert.equal(gate.canVote(), true);
});

test("a picture that is passed over does not open the gate for the next one", async () => {
  const { gate, paints } = open();
  gate.show("a", Promise.resolve());
  await settled();
  gate.show("b", Promise.resolve());
  await settled();
  paints[0]();
  await settled();
  assert.equal(gate.canVote(), false);
  paints[1]();
  await settled();
  assert.equal(gate.canVote(), true);
  gate.hide();
  assert.equal(gate.canVote(), false);
});

test("showing the same picture again changes nothing", async () => {
  const { gate, paints, changes } = open();
  gate.show("a", Promise.resolve());
  await settled();
  paints[0]();
  await settled();
  gate.show("a", Promise.resolve());
  await settled();
  assert.deepEqual(changes, [false, true]);
});
