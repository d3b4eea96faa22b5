// Each request gets its own reply, or fails after its patience.

import assert from "node:assert/strict";
import { test } from "node:test";

import { LinkError, openLink } from "../../animelabel_widgets/static/link.js";
import { Comm, HandClock } from "./doubles.js";

const open = (random = 0) => {
  const comm = new Comm();
  const clock = new HandClock();
  return { comm, clock, link: openLink(comm, clock, () => random) };
};

test("replies find their requests in any order", async () => {
  const { comm, link } = open();
  const first = link.request({ kind: "a" }, 100);
  const second = link.request({ kind: "b" }, 100);
  const [one, two] = comm.sent;
  await comm.reply({ id: two.id, kind: "B" }, ["picture"]);
  await comm.reply({ id: one.id, kind: "A" });
  assert.equal((await first).content.kind, "A");
  assert.deepEqual(await second, { content: { id: two.id, kind: "B" }, buffers: ["picture"] });
});

test("a request without a reply fails, and a late reply is ignored", async () => {
  const { comm, clock, link } = open();
  const request = link.request({ kind: "a" }, 100);
  await clock.pass(99);
  const failed = assert.rejects(request, LinkError);
  await clock.pass(1);
  await failed;
  await comm.reply({ id: comm.sent[0].id, kind: "A" });
});

test("a model that cannot send fails at once and leaves no timer", async () => {
  const { comm, clock, link } = open();
  comm.broken = true;
  await assert.rejects(link.request({ kind: "a" }, 100), LinkError);
  assert.equal(clock.waiting, 0);
});

test("a broken connection fails what waits at once", async () => {
  const { comm, clock, link } = open();
  const failed = assert.rejects(link.request({ kind: "a" }, 100), LinkError);
  await comm.breakOff();
  await failed;
  assert.equal(clock.waiting, 0);
});

test("two views of one widget use different ids", () => {
  const ids = [0.1, 0.6].map((random) => {
    const { comm, link } = open(random);
    link.request({ kind: "a" }, 100);
    return comm.sent[0].id;
  });
  assert.notEqual(ids[0], ids[1]);
  assert.ok(ids.every((id) => Number.isInteger(id) && id < 2 ** 31));
});

test("a closed link listens no more and holds no timer", () => {
  const { comm, clock, link } = open();
  link.request({ kind: "a" }, 100);
  link.close();
  assert.equal(comm.listeners, 0);
  assert.equal(clock.waiting, 0);
});
