// Ratings on their way: nothing is removed before it is acknowledged, nothing is sent for ever.

import assert from "node:assert/strict";
import { test } from "node:test";

import { LinkError, openLink } from "../../animelabel_widgets/static/link.js";
import { PATIENCE, isRating, isReport, openOutbox } from "../../animelabel_widgets/static/outbox.js";
import { SlowDown } from "../../animelabel_widgets/static/pace.js";
import { openBox } from "../../animelabel_widgets/static/storage.js";
import { Comm, HandClock, MemoryStorage, settled } from "./doubles.js";

const rating = (assignment, revision = 0, text = true) => ({
  assignment,
  answer: { text, logo: false, person: false, empty: false },
  revision,
  elapsed_ms: 900,
});

const SLOW = { kind: "error", code: "slow-down", message: "Later." };

function open(storage = new MemoryStorage(), greet = async () => {}) {
  const comm = new Comm();
  const clock = new HandClock();
  const events = [];
  const revisions = [];
  const waits = [];
  let hellos = 0;
  const outbox = openOutbox({
    kind: "rate",
    shelf: "outbox.",
    fits: isRating,
    box: openBox(() => storage, "c."),
    link: openLink(comm, clock, () => 0),
    clock,
    hello: async () => {
      hellos += 1;
      await greet();
    },
    onChange: () => {},
    onRevision: (assignment, revision) => revisions.push([assignment, revision]),
    onEvent: (event) => events.push(event),
    onSlow: (wait) => waits.push(wait),
  });
  const last = () => comm.sent.at(-1);
  const answer = (content) => comm.reply({ id: last().id, ...content });
  return { storage, comm, clock, events, revisions, waits, outbox, last, answer, hellos: () => hellos };
}

test("a rating is stored before it is sent, and removed when it is saved", async () => {
  const { outbox, last, answer, storage } = open();
  outbox.put(rating("a"));
  assert.equal(outbox.pending(), 1);
  assert.equal(storage.length, 1);
  const { id, kind, ...sent } = last();
  assert.equal(kind, "rate");
  assert.deepEqual(sent, rating("a"));
  await answer({ kind: "saved", assignment: "a", revision: 0 });
  assert.equal(outbox.pending(), 0);
  assert.equal(storage.length, 0);
});

test("without an acknowledgement it is sent again, later and later", async () => {
  const { outbox, comm, clock, events, answer } = open();
  outbox.put(rating("a"));
  await clock.pass(PATIENCE);
  assert.deepEqual(events, ["silent"]);
  assert.equal(comm.sent.length, 1);
  await clock.pass(1_000);
  assert.equal(comm.sent.length, 2);
  await clock.pass(PATIENCE);
  await clock.pass(1_000);
  assert.equal(comm.sent.length, 2);
  await clock.pass(1_000);
  assert.equal(comm.sent.length, 3);
  await answer({ kind: "saved", assignment: "a", revision: 0 });
  assert.equal(outbox.pending(), 0);
});

test("the next page sends what the last one could not", async () => {
  const first = open();
  first.comm.broken = true;
  first.outbox.put(rating("a"));
  await settled();
  first.outbox.close();
  const second = open(first.storage);
  second.outbox.flush();
  assert.equal(second.last().assignment, "a");
  await second.answer({ kind: "saved", assignment: "a", revision: 0 });
  assert.equal(second.outbox.pending(), 0);
});

test("an older acknowledgement does not remove a newer answer", async () => {
  const { outbox, comm, answer } = open();
  outbox.put(rating("a", 0, true));
  outbox.put(rating("a", 1, false));
  assert.equal(comm.sent.length, 1);
  await answer({ kind: "saved", assignment: "a", revision: 0 });
  assert.equal(outbox.pending(), 1);
  assert.equal(comm.sent.length, 2);
  assert.equal(comm.sent[1].revision, 1);
  await answer({ kind: "saved", assignment: "a", revision: 1 });
  assert.equal(outbox.pending(), 0);
});

test("a conflict is passed with a higher revision", async () => {
  const { outbox, comm, answer, revisions, last } = open();
  outbox.put(rating("a", 0));
  await answer({ kind: "conflict", assignment: "a", revision: 4 });
  assert.equal(comm.sent.length, 2);
  assert.equal(last().revision, 5);
  assert.deepEqual(revisions, [["a", 5]]);
  await answer({ kind: "saved", assignment: "a", revision: 5 });
  assert.equal(outbox.pending(), 0);
});

for (const code of ["malformed", "unassigned"]) {
  test(`a rating that is ${code} is dropped and not sent again`, async () => {
    const { outbox, comm, clock, answer, events } = open();
    outbox.put(rating("a"));
    await answer({ kind: "error", code, message: "No." });
    await clock.pass(100_000);
    assert.deepEqual([outbox.pending(), comm.sent.length, events], [0, 1, ["dropped"]]);
  });
}

test("a database in trouble is asked again, and nothing is lost", async () => {
  const { outbox, comm, clock, answer, events } = open();
  outbox.put(rating("a"));
  await answer({ kind: "error", code: "unavailable", message: "Later." });
  assert.deepEqual([outbox.pending(), events], [1, ["waiting"]]);
  await clock.pass(1_000);
  assert.equal(comm.sent.length, 2);
});

test("a server that forgot who we are is told again", async () => {
  const { outbox, comm, clock, answer, hellos } = open();
  outbox.put(rating("a"));
  await answer({ kind: "error", code: "no-hello", message: "Who?" });
  assert.equal(hellos(), 1);
  await clock.pass(1_000);
  assert.equal(comm.sent.length, 2);
  assert.equal(outbox.pending(), 1);
});

test("several ratings are on their way at once", async () => {
  const { outbox, comm } = open();
  outbox.put(rating("a"));
  outbox.put(rating("b"));
  assert.deepEqual(comm.sent.map((each) => each.assignment), ["a", "b"]);
});

test("what is corrupt in storage is dropped without harm", () => {
  const storage = new MemoryStorage();
  storage.setItem("c.outbox.x", "{not json");
  storage.setItem("c.outbox.y", '{"assignment":"y","answer":{"text":1},"revision":0,"elapsed_ms":1}');
  const { outbox, comm } = open(storage);
  outbox.flush();
  assert.equal(outbox.pending(), 0);
  assert.equal(comm.sent.length, 0);
  assert.equal(storage.length, 0);
});

test("a closed outbox sends no more but keeps what is unsent", async () => {
  const { outbox, comm, clock, storage } = open();
  outbox.put(rating("a"));
  outbox.close();
  await clock.pass(PATIENCE);
  await clock.pass(100_000);
  assert.equal(comm.sent.length, 1);
  assert.equal(storage.length, 1);
});

test("a rating under another one's name is dropped, not sent for ever", async () => {
  const storage = new MemoryStorage();
  storage.setItem("c.outbox.x", JSON.stringify(rating("y")));
  const { outbox, comm } = open(storage);
  outbox.flush();
  assert.deepEqual([outbox.pending(), comm.sent.length, storage.length], [0, 0, 0]);
});

test("what is unsent can be looked up", async () => {
  const { outbox, answer } = open();
  outbox.put(rating("a", 3));
  assert.deepEqual(outbox.unsent("a"), rating("a", 3));
  assert.equal(outbox.unsent("b"), null);
  await answer({ kind: "saved", assignment: "a", revision: 3 });
  assert.equal(outbox.unsent("a"), null);
});

for (const [error, event] of [
  [new LinkError("no reply"), "silent"],
  [new Error("The database takes a break."), "waiting"],
]) {
  test(`a hello that fails with "${error.message}" means ${event}`, async () => {
    const { outbox, answer, events } = open(new MemoryStorage(), async () => {
      throw error;
    });
    outbox.put(rating("a"));
    await answer({ kind: "error", code: "no-hello", message: "Who?" });
    assert.deepEqual([events, outbox.pending()], [[event], 1]);
  });
}

test("a report travels like a rating", async () => {
  const storage = new MemoryStorage();
  const comm = new Comm();
  const nothing = () => {};
  const reports = openOutbox({
    kind: "report",
    shelf: "report.",
    fits: isReport,
    box: openBox(() => storage, "c."),
    link: openLink(comm, new HandClock(), () => 0),
    clock: new HandClock(),
    hello: async () => {},
    onChange: nothing,
    onRevision: nothing,
    onEvent: nothing,
    onSlow: nothing,
  });
  reports.put({ assignment: "a", reason: "unclear" });
  const { id, ...sent } = comm.sent.at(-1);
  assert.deepEqual(sent, { kind: "report", assignment: "a", reason: "unclear" });
  await comm.reply({ id, kind: "saved", assignment: "a", revision: 0 });
  assert.equal(reports.pending(), 0);
});

test("an answer that the storage does not take is known to be only here, until it is saved", async () => {
  const storage = new MemoryStorage();
  const { outbox, answer } = open(storage);
  assert.ok(outbox.kept());
  storage.setItem = () => {
    throw new Error("QuotaExceededError");
  };
  outbox.put(rating("a"));
  assert.ok(!outbox.kept());
  await answer({ kind: "saved", assignment: "a", revision: 0 });
  assert.ok(outbox.kept());
});

/** Open an outbox that was told to slow down for five seconds, with three ratings unsent. */
async function slowed() {
  const opened = open();
  opened.outbox.put(rating("a"));
  await opened.answer({ ...SLOW, wait_ms: 5_000 });
  opened.outbox.put(rating("b"));
  opened.outbox.put(rating("c"));
  return opened;
}

test("told to slow down, it sends nothing for that time, then one by one until all is saved", async () => {
  const { outbox, comm, clock, events, waits, answer, last } = await slowed();
  await clock.pass(4_999);
  outbox.flush();
  assert.deepEqual([comm.sent.length, outbox.pending(), waits], [1, 3, [5_000]]);
  await clock.pass(1);
  outbox.put(rating("d"));
  for (const [place, assignment] of ["a", "b", "c", "d"].entries()) {
    assert.deepEqual([comm.sent.length, last().assignment], [2 + place, assignment]);
    await answer({ kind: "saved", assignment, revision: 0 });
  }
  assert.deepEqual([outbox.pending(), events], [0, ["saved", "saved", "saved", "saved"]]);
  outbox.put(rating("e"));
  outbox.put(rating("f"));
  assert.equal(comm.sent.length, 7);
});

test("told again to slow down, it waits again, and nothing is lost", async () => {
  const { outbox, comm, clock, waits, answer } = await slowed();
  await clock.pass(5_000);
  await answer({ ...SLOW, wait_ms: 2_000 });
  await clock.pass(1_999);
  assert.deepEqual([comm.sent.length, outbox.pending(), waits], [2, 3, [5_000, 2_000]]);
  await clock.pass(1);
  assert.equal(comm.sent.length, 3);
});

test("what was on its way when the server said so is saved, and the hold stays", async () => {
  const { outbox, comm, clock } = open();
  for (const name of ["a", "b", "c"]) outbox.put(rating(name));
  await comm.reply({ id: comm.sent[0].id, ...SLOW, wait_ms: 5_000 });
  await comm.reply({ id: comm.sent[1].id, kind: "saved", assignment: "b", revision: 0 });
  await comm.reply({ id: comm.sent[2].id, ...SLOW, wait_ms: 5_000 });
  await clock.pass(4_999);
  assert.deepEqual([comm.sent.length, outbox.pending()], [3, 2]);
  await clock.pass(1);
  assert.deepEqual([comm.sent.length, comm.sent[3].assignment], [4, "a"]);
});

test("sent one by one, one that always fails does not block the others", async () => {
  const { comm, clock, answer } = await slowed();
  await clock.pass(5_000);
  await answer({ kind: "error", code: "unavailable", message: "Later." });
  await clock.pass(1_000);
  assert.deepEqual(comm.sent.slice(2).map((each) => each.assignment), ["a", "b", "c"]);
});

for (const [said, waited] of [
  [0, 1_000],
  [-5, 1_000],
  ["soon", 1_000],
  [undefined, 1_000],
  [1e12, 3_600_000],
]) {
  test(`a wait of ${said} ms is taken as ${waited}`, async () => {
    const { outbox, answer, waits } = open();
    outbox.put(rating("a"));
    await answer({ ...SLOW, wait_ms: said });
    assert.deepEqual(waits, [waited]);
  });
}

test("a hello that is told to slow down holds the ratings too", async () => {
  const { outbox, comm, clock, answer, events, waits } = open(new MemoryStorage(), async () => {
    throw new SlowDown(60_000);
  });
  outbox.put(rating("a"));
  await answer({ kind: "error", code: "no-hello", message: "Who?" });
  await clock.pass(59_999);
  assert.deepEqual([comm.sent.length, events, waits], [1, [], [60_000]]);
  await clock.pass(1);
  assert.equal(comm.sent.length, 2);
});

test("a closed outbox that was told to slow down sends no more", async () => {
  const { outbox, comm, clock, storage } = await slowed();
  outbox.close();
  await clock.pass(100_000);
  assert.deepEqual([comm.sent.length, storage.length, clock.waiting], [1, 3, 0]);
});

test("of two tabs with different answers, the acknowledgement of one leaves the other's", async () => {
  const storage = new MemoryStorage();
  const [one, other] = [open(storage), open(storage)];
  one.outbox.put(rating("a", 0, true));
  other.outbox.put(rating("a", 0, false));
  await one.answer({ kind: "saved", assignment: "a", revision: 0 });
  assert.equal(other.outbox.pending(), 1);
  await other.answer({ kind: "conflict", assignment: "a", revision: 0 });
  assert.deepEqual([other.last().revision, other.last().answer.text], [1, false]);
  await other.answer({ kind: "saved", assignment: "a", revision: 1 });
  assert.equal(other.outbox.pending(), 0);
});

test("after a long silence, one that is greeted again sends soon", async () => {
  const { outbox, comm, clock, answer } = open();
  outbox.put(rating("a"));
  for (let time = 0; time < 5; time += 1) {
    await clock.pass(PATIENCE);
    await clock.pass(30_000);
  }
  const sent = comm.sent.length;
  await answer({ kind: "error", code: "no-hello", message: "Who?" });
  await clock.pass(1_000);
  assert.equal(comm.sent.length, sent + 1);
});

test("greeted again while it is held, it is still held, and not for ever", async () => {
  const { outbox, comm, clock } = open();
  for (const name of ["a", "b"]) outbox.put(rating(name));
  await comm.reply({ id: comm.sent[0].id, ...SLOW, wait_ms: 5_000 });
  await comm.reply({ id: comm.sent[1].id, kind: "error", code: "no-hello", message: "Who?" });
  await clock.pass(4_999);
  assert.equal(comm.sent.length, 2);
  await clock.pass(1);
  assert.equal(comm.sent.length, 3);
});
