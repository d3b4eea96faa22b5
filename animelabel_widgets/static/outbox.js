// Ratings on their way: stored first, sent, acknowledged, and only then removed.

import { LinkError } from "./link.js";
import { SlowDown } from "./pace.js";
import { readJson } from "./storage.js";

/** How long a rating waits for its acknowledgement, in milliseconds. */
export const PATIENCE = 10_000;
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 30_000;

/**
 * @typedef {object} Entry
 * @property {string} assignment
 * @property {Object<string, boolean>} answer
 * @property {number} revision
 * @property {number} elapsed_ms
 * @typedef {{assignment: string, reason: string}} Report
 */

/** @param {any} value @param {string} assignment @returns {boolean} */
export function isRating(value, assignment) {
  return (
    value?.assignment === assignment &&
    typeof value.answer === "object" &&
    value.answer !== null &&
    Object.values(value.answer).every((each) => typeof each === "boolean") &&
    Number.isInteger(value.revision) &&
    Number.isInteger(value.elapsed_ms)
  );
}

/** @param {any} value @param {string} assignment @returns {boolean} */
export function isReport(value, assignment) {
  return value?.assignment === assignment && typeof value.reason === "string";
}

/**
 * @param {object} options
 * @param {string} options.kind of the message that carries an entry
 * @param {string} options.shelf where the box keeps them: the beginning of their keys
 * @param {(value: any, assignment: string) => boolean} options.fits
 * @param {import("./storage.js").Box} options.box
 * @param {{request: (message: object, patience: number) => Promise<any>}} options.link
 * @param {import("./link.js").Clock} options.clock
 * @param {() => Promise<void>} options.hello says hello again
 * @param {(pending: number) => void} options.onChange after each change of what is unsent
 * @param {(assignment: string, revision: number) => void} options.onRevision a conflict was passed
 * @param {(event: "saved"|"dropped"|"waiting"|"silent", entry: any, reply: any) => void} options.onEvent
 * @param {(wait: number) => void} options.onSlow nothing is sent for so many milliseconds
 */
export function openOutbox(options) {
  const { kind, shelf, fits, box, link, clock, hello, onChange, onRevision, onEvent, onSlow } =
    options;
  /** @type {Set<string>} */
  const inFlight = new Set();
  let pause = FIRST_PAUSE;
  /** @type {any} */
  let timer = null;
  let held = false;
  /** After the server asked to slow down: one by one, until all are sent or one of them fails. */
  let single = false;
  let closed = false;

  /** @param {string} assignment @returns {any} */
  const read = (assignment) =>
    readJson(box, shelf + assignment, (value) => fits(value, assignment));

  /** @returns {string[]} */
  const assignments = () =>
    box
      .keys()
      .filter((key) => key.startsWith(shelf))
      .map((key) => key.slice(shelf.length))
      .filter(read);

  /** @param {any} entry */
  const store = (entry) => {
    box.set(shelf + entry.assignment, JSON.stringify(entry));
    onChange(assignments().length);
  };

  /** @param {any} entry @returns {boolean} whether no other answer, of another tab perhaps, took its place */
  const stands = (entry) => JSON.stringify(read(entry.assignment)) === JSON.stringify(entry);

  /** @param {any} entry */
  const remove = (entry) => {
    if (stands(entry)) box.remove(shelf + entry.assignment);
    onChange(assignments().length);
  };

  /** @param {number} wait milliseconds in which nothing is sent */
  const hold = (wait) => {
    if (closed) return;
    held = single = true;
    clock.clearTimeout(timer);
    timer = clock.setTimeout(() => {
      timer = null;
      held = false;
      flush();
    }, wait);
    onSlow(wait);
  };

  const later = () => {
    if (timer !== null || closed) return;
    // Else one that always fails would block all others.
    single = false;
    timer = clock.setTimeout(() => {
      timer = null;
      flush();
    }, pause);
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  };

  /** @param {any} entry @param {any} reply @returns {Promise<boolean>} whether to look again at once */
  const settle = async (entry, reply) => {
    if (reply.kind === "saved") {
      pause = FIRST_PAUSE;
      remove(entry);
      onEvent("saved", entry, reply);
      return true;
    }
    if (reply.kind === "conflict") {
      const revision = reply.revision + 1;
      if (stands(entry)) store({ ...entry, revision });
      onRevision(entry.assignment, revision);
      return true;
    }
    if (reply.code === "malformed" || reply.code === "unassigned") {
      remove(entry);
      onEvent("dropped", entry, reply);
      return true;
    }
    if (reply.code === "slow-down") throw new SlowDown(reply.wait_ms);
    if (reply.code === "no-hello") {
      await hello();
      // It is another kernel: that the former one was silent is no reason to wait for this.
      pause = FIRST_PAUSE;
      if (!held) {
        clock.clearTimeout(timer);
        timer = null;
      }
    }
    onEvent("waiting", entry, reply);
    return false;
  };

  /** @param {string} assignment */
  const send = async (assignment) => {
    inFlight.add(assignment);
    let again = false;
    try {
      const entry = read(assignment);
      if (entry) {
        const { content } = await link.request({ kind, ...entry }, PATIENCE);
        again = await settle(entry, content);
      }
    } catch (error) {
      if (error instanceof SlowDown) hold(error.wait);
      else onEvent(error instanceof LinkError ? "silent" : "waiting", null, null);
    }
    inFlight.delete(assignment);
    if (!single && !read(assignment)) return;
    if (again) flush();
    else later();
  };

  const flush = () => {
    if (closed || held) return;
    const unsent = assignments();
    single &&= unsent.length > 0;
    if (single && inFlight.size > 0) return;
    const due = single ? unsent.slice(0, 1) : unsent;
    for (const assignment of due) if (!inFlight.has(assignment)) send(assignment);
  };

  return {
    /** @param {Entry|Report} entry */
    put(entry) {
      store(entry);
      flush();
    },
    /** Store an entry only; `flush` sends it. @param {Entry|Report} entry */
    keep: store,
    flush,
    /** @param {string} assignment @returns {?Entry} what the server may not know yet */
    unsent: read,
    pending: () => assignments().length,
    /** @returns {boolean} whether all that is unsent outlives this page */
    kept: () => assignments().every((assignment) => box.keeps(shelf + assignment)),
    close() {
      closed = true;
      clock.clearTimeout(timer);
    },
  };
}
