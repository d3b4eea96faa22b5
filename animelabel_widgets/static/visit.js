// A visit: the queue of pictures and the messages that fill it. No element of the page in here.

import { FETCH_PATIENCE, LinkError } from "./link.js";
import { SlowDown } from "./pace.js";
import {
  FILL,
  LOW_WATER,
  PORTION,
  active,
  add,
  canResume,
  caughtUp,
  changeItem,
  emptyQueue,
  filled,
  missing,
  needs,
  restored,
} from "./queue.js";
import { readJson, volunteerToken } from "./storage.js";

const RETRY = 3_000;
const LOOK_AGAIN = 60_000;
/** So often the page says anew how long to wait, in milliseconds. */
const TOLD_EVERY = 5_000;
/** Requests in a row without a reply, after which the kernel is taken for lost. */
const SILENT_LIMIT = 2;

/** The server answered that it cannot give what was asked. */
class Refusal extends Error {}

/** @param {any} content @returns {Error} why it did not give what was asked */
const refusal = ({ code, wait_ms }) =>
  code === "slow-down" ? new SlowDown(wait_ms) : new Refusal(code);

/**
 * @typedef {"" | "offline" | "lost" | "slow" | "unsaved" | "unavailable"} Trouble
 * @param {object} options
 * @param {{request: (message: object, patience: number) => Promise<any>}} options.link
 * @param {ReturnType<typeof import("./album.js").openAlbum>} options.album
 * @param {import("./storage.js").Box} options.lasting
 * @param {import("./storage.js").Box} options.ofTab
 * @param {import("./link.js").Clock} options.clock
 * @param {() => number} options.now milliseconds; it never goes back
 * @param {(pressed: any) => import("./queue.js").Answer} options.answerOf
 * @param {(assignment: string) => any} options.unsent what the server may not know yet
 * @param {() => void} options.onGreeted after the first hello
 * @param {() => void} options.onStarted after the first pictures, or the news that there are none
 * @param {() => void} options.onPictures the queue changed
 * @param {() => void} options.onTrouble how it stands with the server changed
 */
export function openVisit(options) {
  const { link, album, lasting, ofTab, clock, now, answerOf, unsent } = options;
  const { onGreeted, onStarted, onPictures, onTrouble } = options;
  let queue = emptyQueue();
  let greeted = false;
  let started = false;
  let fetching = false;
  /** @type {?Promise<any>} the reply with the first picture */
  let early = null;
  /** @type {?Promise<void>} */
  let greeting = null;
  let closed = false;
  let silent = 0;
  let low = LOW_WATER;
  /** @type {Trouble} */
  let trouble = "";
  /** @type {any} */
  let retry = null;
  let slowUntil = 0;
  /** @type {any} */
  let pacing = null;

  /** @returns {number} milliseconds in which nothing is asked */
  const wait = () => Math.max(0, slowUntil - now());

  /** @param {number} time milliseconds in which the server wants to be asked nothing */
  function slow(time) {
    if (closed) return;
    slowUntil = Math.max(slowUntil, now() + time);
    // It has answered.
    silent = 0;
    trouble = "";
    pace();
  }

  /** Say how long to wait, until it is over. */
  function pace() {
    onTrouble();
    clock.clearTimeout(pacing);
    if (wait() > 0) pacing = clock.setTimeout(pace, Math.min(wait(), TOLD_EVERY));
    else pump();
  }

  /** @param {Trouble} problem */
  function heard(problem) {
    silent = 0;
    if (closed || trouble === problem) return;
    trouble = problem;
    onTrouble();
  }

  function heardNothing() {
    if (closed) return;
    silent += 1;
    trouble = silent >= SILENT_LIMIT ? "lost" : "offline";
    onTrouble();
  }

  /** @param {object} message @param {string} kind of the reply */
  async function ask(message, kind) {
    const reply = await link.request(message, FETCH_PATIENCE);
    if (reply.content.code === "no-hello") await hello();
    else if (reply.content.kind !== kind) throw refusal(reply.content);
    else return reply;
    return ask(message, kind);
  }

  /** @param {any} reply @returns {import("./queue.js").Item[]} */
  const items = ({ content, buffers }) =>
    album
      .takeAll(content.tasks, buffers)
      .map((/** @type {any} */ item) => caughtUp(item, unsent(item.assignment)));

  /** @returns {Promise<void>} one for all who ask meanwhile */
  function hello() {
    greeting ??= greet().finally(() => {
      greeting = null;
    });
    return greeting;
  }

  async function greet() {
    const kept = greeted ? null : readJson(ofTab, "queue", canResume);
    const resume = kept?.assignments.slice(kept.index, kept.index + 1) ?? [];
    const message = { kind: "hello", token: volunteerToken(lasting), resume };
    const reply = await link.request(message, FETCH_PATIENCE);
    if (reply.content.kind !== "welcome") throw refusal(reply.content);
    if (greeted) return;
    greeted = true;
    if (kept) queue = filled(restored(kept), resume, items(reply));
    const draft = readJson(ofTab, "draft", (value) => typeof value?.assignment === "string");
    if (draft) queue = changeItem(queue, draft.assignment, { answer: answerOf(draft.answer) });
    onGreeted();
  }

  /**
   * Say hello, and ask for the first picture in the same breath where none is to be resumed: the
   * server answers in turn, and a long way is gone once less.
   */
  async function begin() {
    const welcomed = hello();
    early = null;
    if (!readJson(ofTab, "queue", canResume)) {
      early = link.request({ kind: "fetch", count: needs(queue) }, FETCH_PATIENCE);
      // Where it fails, so does the greeting, or whoever waits for it hears of it.
      early.catch(() => {});
    }
    await welcomed;
    onPictures();
  }

  /** @param {number} count @returns {Promise<any>} a reply with up to so many new pictures */
  async function fetchNew(count) {
    const asked = early;
    early = null;
    const reply = await asked;
    if (!reply || reply.content.code === "no-hello") return ask({ kind: "fetch", count }, "tasks");
    if (reply.content.kind !== "tasks") throw refusal(reply.content);
    return reply;
  }

  /** Say hello first, then ask for pictures as long as some are needed. */
  async function pump() {
    if (fetching || closed) return;
    if (wait() > 0) return onTrouble();
    fetching = true;
    try {
      if (!greeted) await begin();
      while (!closed && wait() === 0 && (await fetchSome()));
    } catch (error) {
      if (closed) return;
      if (error instanceof SlowDown) return slow(error.wait);
      if (error instanceof LinkError) heardNothing();
      else heard("unavailable");
      repeat(RETRY);
    } finally {
      fetching = false;
    }
  }

  /** @returns {Promise<boolean>} whether something was needed */
  async function fetchSome() {
    const assignments = missing(queue);
    const count = Math.min(needs(queue, low), PORTION);
    // Once begun, the queue is filled to the top.
    low = count > 0 ? FILL : LOW_WATER;
    if (assignments.length > 0) {
      const reply = await ask({ kind: "again", assignments }, "tasks");
      queue = filled(queue, assignments, items(reply));
    } else if (count > 0) {
      const reply = await fetchNew(count);
      queue = { ...add(queue, items(reply)), finished: reply.content.finished };
      if (queue.finished) repeat(LOOK_AGAIN);
    } else if (started) return false;
    heard("");
    if (closed) return false;
    onPictures();
    if (!started) onStarted();
    started = true;
    return true;
  }

  /** @param {number} delay after which the server is asked again */
  function repeat(delay) {
    clock.clearTimeout(retry);
    retry = clock.setTimeout(lookAgain, delay);
  }

  function lookAgain() {
    queue = { ...queue, finished: false };
    pump();
  }

  return {
    queue: () => queue,
    active: () => active(queue),
    /** @param {(queue: import("./queue.js").Queue) => import("./queue.js").Queue} step */
    change(step) {
      queue = step(queue);
    },
    greeted: () => greeted,
    /** @returns {Trouble} what holds the visit up; "slow" lasts until its time is over */
    trouble: () => (trouble !== "offline" && trouble !== "lost" && wait() > 0 ? "slow" : trouble),
    wait,
    slow,
    hello,
    pump,
    lookAgain,
    heard,
    heardNothing,
    close() {
      closed = true;
      clock.clearTimeout(retry);
      clock.clearTimeout(pacing);
      queue.items.forEach(album.forget);
    },
  };
}
