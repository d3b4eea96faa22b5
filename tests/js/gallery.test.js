// Where a gallery's rows stand, where keys lead, and what is selected.

import assert from "node:assert/strict";
import { test } from "node:test";

import { boxAt, heightAt, inSight, layOut, rowAfter, rowPlace, TALLEST } from "../../animelabel_widgets/static/gallery-layout.js";
import { isSelected, selectedRows, toggled, withRange } from "../../animelabel_widgets/static/gallery-selection.js";

const GROUPED = layOut(12, [["a", 7], ["b", 5]], 5, 100, 40);

test("groups stand below each other, each with its name", () => {
  assert.equal(GROUPED.height, 40 + 200 + 40 + 100);
  assert.deepEqual(rowPlace(GROUPED, 6), { top: 140, column: 1 });
  assert.deepEqual(rowPlace(GROUPED, 7), { top: 280, column: 0 });
});

test("only what is in sight is shown", () => {
  assert.deepEqual(inSight(GROUPED, 145, 245).rows, [5, 6]);
  assert.deepEqual(inSight(GROUPED, 145, 245).heads.map((each) => each.label), ["b"]);
  const many = layOut(100_000, [], 5, 200, 0);
  assert.equal(inSight(many, 1_000_000, 1_000_800).rows.length, 20);
  assert.deepEqual(inSight(layOut(0, [], 5, 200, 0), 0, 800).rows, []);
});

test("keys move by cell, by line and across groups, and stop at the ends", () => {
  assert.equal(rowAfter(GROUPED, 4, "ArrowDown", 3), 6);
  assert.equal(rowAfter(GROUPED, 6, "ArrowDown", 3), 8);
  assert.equal(rowAfter(GROUPED, 8, "ArrowUp", 3), 6);
  assert.equal(rowAfter(GROUPED, 11, "ArrowRight", 3), 11);
  assert.equal(rowAfter(GROUPED, 3, "End", 3), 11);
  assert.equal(rowAfter(GROUPED, 3, "x", 3), null);
});

test("a million rows reach both ends, and small steps are exact", () => {
  const view = 700;
  const { height } = layOut(1_000_000, [], 5, 230, 0);
  assert.ok(height > TALLEST);
  const far = { scroll: 4_000_000, at: 20_000_000 };
  assert.deepEqual(heightAt(far, 0, view, height), { scroll: 0, at: 0 });
  assert.deepEqual(heightAt(far, TALLEST - view, view, height), { scroll: TALLEST - view, at: height - view });
  assert.deepEqual(heightAt(far, 4_000_100, view, height), { scroll: 4_000_100, at: 20_000_100 });
  const middle = heightAt({ scroll: 0, at: 0 }, (TALLEST - view) / 2, view, height);
  assert.equal(Math.round(middle.at), Math.round((height - view) / 2));
});

test("a small step at either end of a million rows stays a small step", () => {
  const view = 700;
  const { height } = layOut(1_000_000, [], 5, 230, 0);
  const end = height - view;
  const room = TALLEST - view;
  // The rows have drifted from the box, which has come to its end before them.
  const top = heightAt({ scroll: 40, at: 30_000 }, 0, view, height);
  assert.equal(top.at, 29_960);
  assert.equal(top.scroll, boxAt(29_960, view, height));
  const bottom = heightAt({ scroll: room - 40, at: end - 30_000 }, room, view, height);
  assert.equal(bottom.at, end - 29_960);
  assert.ok(bottom.scroll < room);
  // From there, each end is reached in small steps, with nothing skipped.
  for (const [start, step, last] of /** @type {[any, number, number][]} */ ([[top, -100, 0], [bottom, 100, end]])) {
    let now = start;
    for (let steps = 0; now.at !== last; steps += 1) {
      const next = heightAt(now, Math.min(room, Math.max(0, now.scroll + step)), view, height);
      assert.ok(Math.abs(next.at - now.at) <= 100, `${now.at} to ${next.at}`);
      assert.ok(steps < 400, `never at ${last}`);
      now = next;
    }
    assert.equal(now.scroll, last === 0 ? 0 : room);
  }
});

test("ranges grow together and are split", () => {
  let ranges = withRange(withRange([], 5, 3), 6, 9);
  assert.deepEqual(ranges, [[3, 9]]);
  ranges = toggled(ranges, 5);
  assert.deepEqual(ranges, [[3, 4], [6, 9]]);
  assert.deepEqual([isSelected(ranges, 5), isSelected(ranges, 6), selectedRows(ranges)], [false, true, 6]);
  assert.deepEqual(toggled(ranges, 5), [[3, 9]]);
});
