import { expect, test } from "vitest";
import { duration, list, listed, megabytes, moment, percent, withoutSuffix } from "../src/format";

test.each([
  [0.4, "1 sec"],
  [1.4, "1 sec"],
  [89, "89 sec"],
  [90, "2 min"],
  [5399, "90 min"],
  [5400, "1.5 hr"],
])("%d seconds are %s", (seconds, words) => {
  expect(duration(seconds)).toBe(words);
});

test.each([
  [[], ""],
  [["a"], "a"],
  [["a", "b"], "a and b"],
  [["a", "b", "c"], "a, b, and c"],
])("%j is listed as %j", (words, text) => {
  expect(list(words)).toBe(text);
});

test.each([
  ["cat.jpg", "cat"],
  ["cat.of.mine.jpeg", "cat.of.mine"],
  ["no suffix", "no suffix"],
  ["2026.11.21-cat", "2026.11.21-cat"],
])("%s is called %s", (name, title) => {
  expect(withoutSuffix(name)).toBe(title);
});

test("a short time can have a decimal", () => {
  expect([duration(0.04, 1), duration(2.34, 1), duration(12.3, 1)]).toEqual(["0.1 sec", "2.3 sec", "12 sec"]);
});

test.each([
  [0, "0:00"],
  [12.5, "0:12.5"],
  [59.9996, "1:00"],
  [62.041, "1:02.041"],
  [3600, "1:00:00"],
  [3723.04, "1:02:03.04"],
])("%d seconds into a film are %s", (seconds, words) => {
  expect(moment(seconds)).toBe(words);
});

test("a list of anything has its words between", () => {
  expect(listed([1, 2, 3])).toEqual([1, ", ", 2, ", and ", 3]);
});

test("a share is told in percent", () => {
  expect([percent(0), percent(1 / 3), percent(1.5)]).toEqual(["0%", "33%", "150%"]);
});

test("sizes of files have a decimal up to ten megabytes", () => {
  expect([megabytes(1.5 * 2 ** 20), megabytes(50 * 2 ** 20)]).toEqual(["1.5 MB", "50 MB"]);
});

