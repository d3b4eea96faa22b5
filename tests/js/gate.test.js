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
  assert.deepEqual([gate.canPress("a"), gate.canVote("a"), paints.length], [false, false, 0]);
  decoded();
  await settled();
  assert.deepEqual([gate.canPress("a"), paints.length], [false, 1]);
  paints[0]();
  await settled();
  assert.deepEqual([gate.canPress("a"), gate.canVote("a")], [true, true]);
});

test("the second click of a double click finds the gate shut", async () => {
  const { gate, paints, clock } = open();
  gate.moved();
  gate.show("b", Promise.resolve());
  await settled();
  paints[0]();
  await settled();
  assert.deepEqual([gate.canPress("b"), gate.canVote("b")], [true, false]);
  await clock.pass(ECHO - 1);
  assert.equal(gate.canVote("b"), false);
  await clock.pass(1);
  assert.equal(gate.canVote("b"), true);
});

test("a picture that is passed over does not open the gate for the next one", async () => {
  const { gate, paints } = open();
  gate.show("a", Promise.resolve());
  await settled();
  gate.show("b", Promise.resolve());
  await settled();
  paints[0]();
  await settled();
  assert.equal(gate.canVote("b"), false);
  paints[1]();
  await settled();
  assert.equal(gate.canVote("b"), true);
  gate.hide();
  assert.equal(gate.canVote("b"), false);
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

test("what is not shown cannot be voted on", async () => {
  const { gate, paints } = open();
  gate.show("a", Promise.resolve());
  await settled();
  paints[0]();
  await settled();
  assert.deepEqual([gate.canPress("b"), gate.canVote("b")], [false, false]);
});

test("a picture that is left and shown again is painted again before a vote counts", async () => {
  const { gate, paints, clock } = open();
  gate.moved();
  gate.show("a", Promise.resolve());
  await settled();
  paints[0]();
  await settled();
  gate.show("b", Promise.resolve());
  gate.moved();
  gate.show("a", Promise.resolve());
  await clock.pass(ECHO);
  assert.deepEqual([gate.canPress("a"), gate.canVote("a")], [false, false]);
  paints.at(-1)();
  await settled();
  assert.deepEqual([gate.canPress("a"), gate.canVote("a")], [true, true]);
  gate.hide();
  gate.show("a", Promise.resolve());
  await settled();
  assert.equal(gate.canPress("a"), false);
});
