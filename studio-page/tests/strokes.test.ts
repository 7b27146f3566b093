import { expect, test } from "vitest";
import { dabs } from "../src/strokes";

test("a stroke is dabbed from end to end, a quarter of the radius apart", () => {
  expect(dabs([0, 0], [16, 0], 16)).toEqual([[0, 0], [4, 0], [8, 0], [12, 0], [16, 0]]);
});

test("a fine stroke is dabbed a pixel apart, not less", () => {
  expect(dabs([0, 0], [0, 3], 1)).toEqual([[0, 0], [0, 1], [0, 2], [0, 3]]);
});

test("a stroke without length is dabbed all the same", () => {
  expect(new Set(dabs([5, 5], [5, 5], 10).map(String))).toEqual(new Set(["5,5"]));
});
