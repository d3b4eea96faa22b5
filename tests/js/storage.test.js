// Storage that may be blocked, full, or hold what somebody else put there.

import assert from "node:assert/strict";
import { test } from "node:test";

import { openBox, readJson, volunteerToken } from "../../animelabel_widgets/static/storage.js";
import { MemoryStorage } from "./doubles.js";

test("a box keeps to its prefix", () => {
  const storage = new MemoryStorage();
  storage.setItem("other.a", "1");
  const box = openBox(() => storage, "mine.");
  box.set("a", "2");
  assert.deepEqual(box.keys(), ["a"]);
  assert.equal(box.get("a"), "2");
  assert.equal(storage.getItem("other.a"), "1");
  box.remove("a");
  assert.equal(box.get("a"), null);
});

test("where storage is blocked, memory serves", () => {
  const box = openBox(() => {
    throw new Error("SecurityError");
  }, "mine.");
  box.set("a", "1");
  assert.equal(box.get("a"), "1");
  assert.deepEqual(box.keys(), ["a"]);
});

test("what a full storage refuses is kept in memory", () => {
  const storage = new MemoryStorage();
  const box = openBox(() => storage, "mine.");
  box.set("a", "old");
  storage.setItem = () => {
    throw new Error("QuotaExceededError");
  };
  box.set("a", "new");
  assert.equal(box.get("a"), "new");
  assert.deepEqual(box.keys(), ["a"]);
});

test("what does not fit is dropped", () => {
  const box = openBox(() => new MemoryStorage(), "mine.");
  for (const text of ["{", "7", "null"]) {
    box.set("a", text);
    assert.equal(readJson(box, "a", Array.isArray), null);
    assert.equal(box.get("a"), null);
  }
  box.set("a", "[1]");
  assert.deepEqual(readJson(box, "a", Array.isArray), [1]);
});

test("a token is made once and replaced if it was tampered with", () => {
  const box = openBox(() => new MemoryStorage(), "mine.");
  const token = volunteerToken(box);
  assert.match(token, /^[0-9a-f]{32}$/);
  assert.equal(volunteerToken(box), token);
  box.set("token", "robert'); drop table");
  assert.match(volunteerToken(box), /^[0-9a-f]{32}$/);
});

test("storage lasts unless it is blocked or full", () => {
  const storage = new MemoryStorage();
  const box = openBox(() => storage, "mine.");
  assert.equal(box.lasts(), true);
  const store = storage.setItem.bind(storage);
  storage.setItem = () => {
    throw new Error("QuotaExceededError");
  };
  box.set("a", "1");
  assert.equal(box.lasts(), false);
  storage.setItem = store;
  box.set("a", "1");
  assert.equal(box.lasts(), true);
  const blocked = openBox(() => {
    throw new Error("SecurityError");
  }, "mine.");
  assert.equal(blocked.lasts(), false);
});

test("a storage that is full when the page opens is read all the same", () => {
  const storage = new MemoryStorage();
  const former = openBox(() => storage, "mine.");
  const token = volunteerToken(former);
  former.set("outbox.a", "1");
  storage.setItem = () => {
    throw new Error("QuotaExceededError");
  };
  const box = openBox(() => storage, "mine.");
  assert.equal(volunteerToken(box), token);
  assert.deepEqual(box.keys().sort(), ["outbox.a", "token"]);
  assert.ok(box.keeps("outbox.a"));
  box.remove("outbox.a");
  assert.equal(storage.length, 1);
});
