// Where a gallery's rows stand, where keys lead, and what is selected.

import assert from "node:assert/strict";
import { test } from "node:test";

import { heightAt, inSight, layOut, rowAfter, rowPlace, TALLEST } from "../../animelabel_widgets/static/gallery-layout.js";
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
  const { height } = layOut(1_000_000, [], 5, 230, 0);
  assert.ok(height > TALLEST);
  assert.equal(heightAt({ scroll: 9, at: 9 }, 0, 700, height), 0);
  assert.equal(heightAt({ scroll: 9, at: 9 }, TALLEST - 700, 700, height), height - 700);
  assert.equal(heightAt({ scroll: 5000, at: 30_000 }, 5100, 700, height), 30_100);
  const middle = heightAt({ scroll: 0, at: 0 }, (TALLEST - 700) / 2, 700, height);
  assert.equal(Math.round(middle), Math.round((height - 700) / 2));
});

test("ranges grow together and are split", () => {
  let ranges = withRange(withRange([], 5, 3), 6, 9);
  assert.deepEqual(ranges, [[3, 9]]);
  ranges = toggled(ranges, 5);
  assert.deepEqual(ranges, [[3, 4], [6, 9]]);
  assert.deepEqual([isSelected(ranges, 5), isSelected(ranges, 6), selectedRows(ranges)], [false, true, 6]);
  assert.deepEqual(toggled(ranges, 5), [[3, 9]]);
});
