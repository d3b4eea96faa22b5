// Doubles of what a browser gives: storage, a clock that is moved by hand, a widget's model.

export class MemoryStorage {
  #entries = new Map();
  get length() {
    return this.#entries.size;
  }
  key(place) {
    return [...this.#entries.keys()][place] ?? null;
  }
  getItem(key) {
    return this.#entries.get(key) ?? null;
  }
  setItem(key, value) {
    this.#entries.set(key, String(value));
  }
  removeItem(key) {
    this.#entries.delete(key);
  }
}

export class HandClock {
  #timers = new Map();
  #next = 1;
  now = 0;
  setTimeout = (work, delay) => {
    this.#timers.set(this.#next, { work, due: this.now + delay });
    return this.#next++;
  };
  clearTimeout = (timer) => {
    this.#timers.delete(timer);
  };
  get waiting() {
    return this.#timers.size;
  }
  /** Move on, run what is due, and let every promise settle. */
  async pass(time) {
    this.now += time;
    for (const [timer, { work, due }] of [...this.#timers]) {
      if (due <= this.now && this.#timers.delete(timer)) work();
    }
    await settled();
  }
}

/** Let all promises that can settle do so. */
export async function settled() {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

export class Comm {
  sent = [];
  #handlers = new Set();
  #closers = new Set();
  broken = false;
  send(content) {
    if (this.broken) throw new Error("Cannot send");
    this.sent.push(content);
  }
  #of(event) {
    return event === "closed" ? this.#closers : this.#handlers;
  }
  on(event, handler) {
    this.#of(event).add(handler);
  }
  off(event, handler) {
    this.#of(event).delete(handler);
  }
  get listeners() {
    return this.#handlers.size + this.#closers.size;
  }
  async breakOff() {
    for (const handler of this.#closers) handler();
    await settled();
  }
  async reply(content, buffers = []) {
    for (const handler of this.#handlers) handler(content, buffers);
    await settled();
  }
}
