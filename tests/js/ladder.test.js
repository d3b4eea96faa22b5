// The browser's history as a ladder: it reaches as far back as the queue, and leaves at its foot.

import assert from "node:assert/strict";
import { test } from "node:test";

import { TOP, openLadder } from "../../animelabel_widgets/static/ladder.js";

/** A browser's history with the page before ours, and at most fifty entries. */
class Browser {
  entries = ["elsewhere", null];
  at = 1;
  onPop = () => {};
  /** How many more changes it takes, as WebKit does within some seconds. */
  patience = Infinity;
  get state() {
    return this.entries[this.at];
  }
  #change() {
    this.patience -= 1;
    if (this.patience < 0) throw new Error("SecurityError");
  }
  pushState(state) {
    this.#change();
    this.entries = [...this.entries.slice(0, this.at + 1), state].slice(-50);
    this.at = this.entries.length - 1;
  }
  replaceState(state) {
    this.#change();
    this.entries[this.at] = state;
  }
  go(steps) {
    const at = this.at + steps;
    if (at < 0 || at >= this.entries.length) return;
    this.at = at;
    if (!this.left) this.onPop({ state: this.state });
  }
  get left() {
    return this.state === "elsewhere";
  }
}

/** A volunteer at picture `index`, as the labeler moves one. */
function walk() {
  const history = new Browser();
  const walker = { history, index: 0, seen: 0 };
  const place = () => ({ assignment: `a${walker.index}`, title: `T${walker.index}` });
  const ladder = openLadder({
    history,
    onMove(steps) {
      const past = Math.min(walker.index, 100);
      if (steps < 0 && past === 0) return ladder.leave();
      walker.index = Math.min(Math.max(walker.index + steps, 0), walker.seen);
      ladder.settle(place(), Math.min(walker.index, 100), walker.seen - walker.index);
    },
  });
  history.onPop = ladder.onPop;
  ladder.mark(place());
  walker.next = (times) => {
    for (let time = 0; time < times; time += 1) {
      walker.index += 1;
      walker.seen = Math.max(walker.seen, walker.index);
      ladder.climb(place());
    }
  };
  walker.ladder = ladder;
  return walker;
}

test("each picture has an entry with itself and its title", () => {
  const walker = walk();
  walker.next(2);
  assert.deepEqual(walker.history.state.animelabel, { assignment: "a2", title: "T2", rung: 2 });
  walker.history.go(-1);
  assert.equal(walker.index, 1);
  assert.equal(walker.history.state.animelabel.assignment, "a1");
  walker.history.go(1);
  assert.equal(walker.index, 2);
});

test("Back leaves the page at the first picture, and not before", () => {
  const walker = walk();
  walker.next(130);
  walker.seen = 130;
  for (let back = 129; back >= 0; back -= 1) {
    walker.history.go(-1);
    assert.equal(walker.index, back);
    assert.ok(!walker.history.left);
  }
  walker.history.go(-1);
  assert.ok(walker.history.left);
});

test("Forward goes the same way again after more than a browser keeps", () => {
  const walker = walk();
  walker.next(100);
  for (let step = 0; step < 90; step += 1) walker.history.go(-1);
  for (let step = 1; step <= 12; step += 1) {
    walker.history.go(1);
    assert.equal(walker.index, 10 + step);
  }
});

test("a jump over several entries goes over as many pictures", () => {
  const walker = walk();
  walker.next(9);
  walker.history.go(-5);
  assert.equal(walker.index, 4);
});

test("the ladder stays below what a browser keeps", () => {
  const walker = walk();
  walker.next(300);
  assert.equal(walker.history.entries.length, TOP + 2);
});

test("without an entry below, Back is left to the page", () => {
  const walker = walk();
  assert.equal(walker.ladder.back(), false);
  walker.next(1);
  assert.equal(walker.ladder.back(), true);
  assert.equal(walker.index, 0);
});

test("a reload goes on at the same rung, and a strange state counts as none", () => {
  const history = new Browser();
  history.entries = ["elsewhere", null, { animelabel: { assignment: "a1", title: "", rung: 1 } }];
  history.at = 2;
  const moves = [];
  const ladder = openLadder({ history, onMove: (steps) => moves.push(steps) });
  ladder.onPop({ state: { animelabel: { rung: "7" } } });
  ladder.onPop({ state: null });
  ladder.onPop({ state: { animelabel: { rung: 0 } } });
  assert.deepEqual(moves, [-1]);
});

test("where a browser takes no more changes, each step still leads to the right picture", () => {
  for (let patience = 0; patience < 60; patience += 1) {
    const walker = walk();
    walker.next(120);
    walker.history.patience = patience;
    for (let step = 1; step <= 38; step += 1) {
      walker.history.go(-1);
      assert.equal(walker.index, 120 - step);
    }
    // Where the way forward could not be written again, the browser has none.
    walker.history.go(1);
    assert.ok(walker.index === 83 || (walker.index === 82 && patience < 59));
    const index = walker.index;
    walker.next(1);
    walker.history.patience = Infinity;
    walker.next(1);
    walker.history.go(-1);
    assert.equal(walker.index, index + 1);
  }
});
