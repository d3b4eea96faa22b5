// The page is loaded again only where that can help and costs nothing.

import assert from "node:assert/strict";
import { test } from "node:test";

import { openReloader } from "../../animelabel_widgets/static/reload.js";
import { openBox } from "../../animelabel_widgets/static/storage.js";
import { MemoryStorage } from "./doubles.js";

function open({ reachable = async () => true, blocked = false } = {}) {
  const storage = new MemoryStorage();
  const counts = { now: 1_000_000, asked: 0, reloads: 0 };
  const find = () => {
    if (blocked) throw new Error("SecurityError");
    return new MemoryStorage();
  };
  const make = () => {
    const ofTab = openBox(() => storage, "c.");
    return openReloader({
      boxes: [openBox(find, "c."), ofTab],
      ofTab,
      now: () => counts.now,
      reachable: () => {
        counts.asked += 1;
        return reachable();
      },
      reload: () => {
        counts.reloads += 1;
      },
    });
  };
  return { counts, reload: make(), make };
}

test("a page whose server answers is loaded again", async () => {
  const { counts, reload } = open();
  await reload();
  assert.equal(counts.reloads, 1);
});

test("the next page waits a minute before it does the same", async () => {
  const { counts, reload, make } = open();
  await reload();
  counts.now += 59_999;
  await make()();
  assert.equal(counts.reloads, 1);
  counts.now += 1;
  await make()();
  assert.equal(counts.reloads, 2);
});

test("offline, the page that works is kept, and may be loaded again later", async () => {
  let online = false;
  const { counts, reload } = open({ reachable: async () => online });
  await reload();
  assert.equal(counts.reloads, 0);
  online = true;
  await reload();
  assert.equal(counts.reloads, 1);
});

test("a page that cannot store anything is kept", async () => {
  const { counts, reload } = open({ blocked: true });
  await reload();
  assert.deepEqual([counts.asked, counts.reloads], [0, 0]);
});

test("the server is asked once at a time", async () => {
  const { counts, reload } = open();
  await Promise.all([reload(), reload(), reload()]);
  assert.deepEqual([counts.asked, counts.reloads], [1, 1]);
});
