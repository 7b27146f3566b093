import { expect, test } from "vitest";
import { chosen, shares, toggled } from "../src/mix";

const wave = { key: "great-wave", weight: 1 };
const night = { key: "starry-night", weight: 0.5 };

test("a style is added with full weight, and taken out again", () => {
  expect(toggled([night], "great-wave")).toEqual([night, wave]);
  expect(toggled([night, wave], "starry-night")).toEqual([wave]);
});

test("a click replaces the mix, or adds to it where several are mixed", () => {
  expect(chosen([night], "great-wave", false)).toEqual([wave]);
  expect(chosen([night], "great-wave", true)).toEqual([night, wave]);
});

test("a click on what is in the mix takes only that out", () => {
  expect(chosen([night, wave], "great-wave", false)).toEqual([night]);
  expect(chosen([wave], "great-wave", false)).toEqual([]);
});

test("shares add up to 1 in the proportions of the weights", () => {
  expect(shares([{ key: "a", weight: 3 }, { key: "b", weight: 1 }])).toEqual([{ key: "a", weight: 0.75 }, { key: "b", weight: 0.25 }]);
  expect(shares([{ key: "a", weight: 0 }])).toEqual([{ key: "a", weight: 0 }]);
});
