// A widget's model without JupyterLab: its state, and its comm over one websocket.
//
// The socket may break and the kernel may go: the server is asked for a place again, with the
// same kernel where it still lives, and what was to be sent is sent then.

import { PROTOCOL, decodeJson, decodeMessage, encodeJson, encodeMessage } from "./wire.js";

/** Closed by the server, because the page was idle: it wakes with the next message. */
const IDLE = 4001;
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 15_000;
const KEPT = 100;
/** A connection through which nothing came for so long may be dead, in milliseconds. */
const SILENCE = 30_000;

/**
 * @typedef {object} Place
 * @property {string} kernel
 * @property {string} view the id of the widget's model
 * @property {Object<string, any>} state
 */

/**
 * @param {object} options
 * @param {() => Promise<Place>} options.enter asks the server for a place; rejects where there is none
 *   now, with an error that may have `wait`, the milliseconds after which to ask again
 * @param {(kernel: string, protocol: string) => WebSocket} options.connect
 * @param {import("./link.js").Clock} options.clock
 * @param {() => number} options.now milliseconds; it never goes back
 * @param {() => string} options.newId
 * @param {Place} options.place the first one
 */
export function openModel({ enter, connect, clock, now, newId, place }) {
  const session = newId();
  const state = { ...place.state };
  /** @type {Map<string, Set<Function>>} */
  const handlers = new Map();
  /** @type {[object, DataView[]][]} */
  let waiting = [];
  /** @type {?WebSocket} */
  let socket = null;
  let joining = false;
  let lost = false;
  let closed = false;
  let pause = FIRST_PAUSE;
  let heardAt = now();
  let here = place;

  /** @param {string} event @param {any[]} values */
  function tell(event, ...values) {
    for (const handler of [...(handlers.get(event) ?? [])]) handler(...values);
  }

  /** @param {object} data @param {DataView[]} buffers */
  function post(data, buffers) {
    if (socket?.readyState === 1) return transmit(data, buffers);
    if (lost) throw new Error("not connected");
    if (waiting.length >= KEPT) waiting.shift();
    waiting.push([data, buffers]);
    // One that is closing says so itself.
    if (!joining && socket === null) join();
  }

  /** @param {object} data @param {DataView[]} buffers */
  function transmit(data, buffers) {
    const header = {
      msg_id: newId(),
      msg_type: "comm_msg",
      session,
      username: "",
      date: new Date().toISOString(),
      version: "5.4",
    };
    const content = { comm_id: here.view, data };
    const encode = socket?.protocol === PROTOCOL ? encodeMessage : encodeJson;
    socket?.send(
      encode({ channel: "shell", header, parent: {}, metadata: {}, content, buffers }),
    );
  }

  /** @param {any} event */
  function receive({ data }) {
    heardAt = now();
    // Not sooner: a server that has too much to do lets pages in, and then is silent.
    pause = FIRST_PAUSE;
    const decode = socket?.protocol === PROTOCOL ? decodeMessage : decodeJson;
    const { channel, header, content, buffers } = decode(data);
    if (channel !== "iopub" || header.msg_type !== "comm_msg") return;
    if (content.comm_id !== here.view) return;
    if (content.data.method === "custom") tell("msg:custom", content.data.content, buffers);
    if (content.data.method === "update") {
      Object.assign(state, content.data.state);
      for (const name of Object.keys(content.data.state)) tell(`change:${name}`);
      tell("change");
    }
  }

  function open() {
    const mine = connect(here.kernel, PROTOCOL);
    mine.binaryType = "arraybuffer";
    mine.onopen = () => {
      joining = false;
      lost = false;
      heardAt = now();
      for (const [data, buffers] of waiting.splice(0)) transmit(data, buffers);
      tell("opened");
    };
    mine.onmessage = receive;
    mine.onclose = ({ code }) => {
      if (socket !== mine || closed) return;
      socket = null;
      joining = false;
      if (code !== IDLE) later();
      else if (waiting.length > 0) join();
    };
    socket = mine;
    joining = true;
  }

  /** What was asked gets no answer; those who asked ask again. @param {number} [wait] milliseconds */
  function later(wait) {
    joining = true;
    lost = true;
    waiting = [];
    tell("closed");
    clock.setTimeout(join, wait ?? pause);
    pause = Math.min(2 * pause, LONGEST_PAUSE);
  }

  /** Ask for a place, and connect to it. */
  async function join() {
    if (closed) return;
    joining = true;
    try {
      here = await enter();
      if (!closed) open();
    } catch (error) {
      // Who waits in line loses the turn by asking too late.
      later(/** @type {any} */ (error).wait);
    }
  }

  open();

  return {
    /** What was asked is not answered: take another connection, if this one has been silent for long. */
    renew() {
      if (joining || socket === null || now() - heardAt < SILENCE) return;
      const dead = socket;
      socket = null;
      dead.close();
      later();
    },
    kernel: () => here.kernel,
    /** @param {string} name */
    get: (name) => state[name],
    /** @param {string} name @param {any} value */
    set(name, value) {
      state[name] = value;
    },
    save_changes() {},
    /** @param {object} content @param {object} [_callbacks] @param {DataView[]} [buffers] */
    send(content, _callbacks, buffers = []) {
      post({ method: "custom", content }, buffers);
    },
    /** @param {string} event @param {Function} handler */
    on(event, handler) {
      if (!handlers.has(event)) handlers.set(event, new Set());
      handlers.get(event)?.add(handler);
    },
    /** @param {string} event @param {Function} handler */
    off(event, handler) {
      handlers.get(event)?.delete(handler);
    },
    close() {
      closed = true;
      socket?.close();
    },
  };
}
