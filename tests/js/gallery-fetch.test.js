// What a gallery asks for, and that it asks again after a failure.

import assert from "node:assert/strict";
import { test } from "node:test";

import { BUNCH, CHUNK, openFetcher, PAUSE, SILENT } from "../../animelabel_widgets/static/gallery-fetch.js";
import { HandClock, settled } from "./doubles.js";

function open() {
  /** @type {{message: any, resolve: (reply: any) => void, reject: (error: Error) => void}[]} */
  const requests = [];
  /** @type {boolean[]} */
  const news = [];
  /** @type {string[]} */
  const troubles = [];
  const link = {
    request: (/** @type {any} */ message) =>
      new Promise((resolve, reject) => requests.push({ message, resolve, reject })),
  };
  const clock = new HandClock();
  const fetcher = openFetcher(link, clock, 240, (came) => news.push(came), (said) => troubles.push(said));
  fetcher.forget(1);
  return { fetcher, clock, requests, news, troubles };
}

/** @param {{message: any, resolve: (reply: any) => void}} request */
function answer({ message, resolve }) {
  const content = message.kind === "rows"
    ? { kind: "rows", rows: Array.from({ length: CHUNK }, (_, n) => ({ image_id: message.first + n })) }
    : { kind: "thumbnails", pictures: message.rows.map(() => "gone") };
  resolve({ content, buffers: [] });
}

const ROWS = Array.from({ length: 30 }, (_, n) => 1000 + n);

test("what is in sight is asked for once, a few at a time", async () => {
  const { fetcher, requests } = open();
  fetcher.look(ROWS);
  fetcher.look(ROWS);
  const of = (/** @type {string} */ kind) => requests.filter(({ message }) => message.kind === kind);
  assert.deepEqual(of("rows").map(({ message }) => message.first), [960, 1020]);
  assert.deepEqual(of("thumbnails").map(({ message }) => message.rows.length), [BUNCH, BUNCH, BUNCH]);
  requests.forEach(answer);
  await settled();
  assert.equal(fetcher.words(1029).image_id, 1029);
  assert.equal(fetcher.picture(1017)?.said, "gone");
  assert.equal(fetcher.picture(1018), undefined);
  fetcher.look(ROWS);
  assert.equal(of("rows").length, 2);
  assert.deepEqual(of("thumbnails").at(-1)?.message.rows, ROWS.slice(24));
});

for (const [name, fail, said] of /** @type {[string, (request: any) => void, string][]} */ ([
  ["an error", ({ resolve }) => resolve({ content: { kind: "error", message: "No database." }, buffers: [] }), "No database."],
  ["silence", ({ reject }) => reject(new Error("no reply")), SILENT],
])) {
  test(`after ${name} the same rows are asked for again, but not at once`, async () => {
    const { fetcher, clock, requests, news, troubles } = open();
    fetcher.look([0, 1]);
    requests.splice(0).forEach(fail);
    await settled();
    assert.deepEqual(troubles, [said, said]);
    fetcher.look([0, 1]);
    await clock.pass(PAUSE - 1);
    fetcher.look([0, 1]);
    assert.deepEqual([requests.length, news.length], [0, 0]);
    await clock.pass(1);
    assert.deepEqual(news, [false, false]);
    fetcher.look([0, 1]);
    requests.forEach(answer);
    await settled();
    assert.equal(fetcher.words(1).image_id, 1);
    assert.ok(fetcher.picture(1));
    assert.deepEqual(news.slice(2), [true, true]);
  });
}

test("what failed keeps nothing else from being asked for", async () => {
  const { fetcher, requests } = open();
  fetcher.look(ROWS);
  for (const { reject } of requests.splice(0)) reject(new Error("no reply"));
  await settled();
  fetcher.look(ROWS);
  assert.deepEqual(requests.map(({ message }) => message.rows), [ROWS.slice(18, 24), ROWS.slice(24)]);
});

test("an answer about a former order is dropped, and the new order is asked for", async () => {
  const { fetcher, requests, troubles } = open();
  fetcher.look([0]);
  const former = requests.splice(0);
  fetcher.forget(2);
  fetcher.look([0]);
  assert.deepEqual(requests.map(({ message }) => message.version), [2, 2]);
  former.forEach(answer);
  await settled();
  assert.equal(fetcher.words(0), undefined);
  requests.forEach(answer);
  await settled();
  assert.equal(fetcher.words(0).image_id, 0);
  assert.deepEqual(troubles, []);
});

test("words are read again on request, and shown until then", async () => {
  const { fetcher, requests } = open();
  fetcher.look([0, 1]);
  requests.splice(0).forEach(answer);
  await settled();
  fetcher.reread();
  assert.equal(fetcher.words(1).image_id, 1);
  fetcher.look([0, 1]);
  assert.deepEqual(requests.map(({ message }) => message.kind), ["rows"]);
  requests.splice(0).forEach(answer);
  await settled();
  fetcher.look([0, 1]);
  assert.equal(requests.length, 0);
});

test("words that are on their way when they change are read once more", async () => {
  const { fetcher, requests } = open();
  for (const each of ["first", "again"]) {
    fetcher.look([0, 1]);
    assert.equal(requests.filter(({ message }) => message.kind === "rows").length, 1, each);
    fetcher.reread();
    requests.splice(0).forEach(answer);
    await settled();
  }
});
