import { describe, expect, test } from "vitest";
import { figure, joined, toLines } from "../src/curve";

const points = (line: string) => line.split(" ").map((pair) => pair.split(",").map(Number));

describe("the chart", () => {
  // From 100 to 1: the scale goes from 0.8 to 100, so 1 lies at log(1 / 0.8) / log(100 / 0.8) of the height.
  const falling = [{ done: 0, total: 100 }, { done: 0.5, total: 10 }, { done: 1, total: 1 }];

  test("goes from left to right by what is done, on a logarithmic scale", () => {
    const drawn = points(toLines(falling, 300, 108).total);
    expect(drawn.map(([x]) => x)).toEqual([0, 150, 300]);
    expect(drawn[0]![1]).toBe(4); // the margin at the top
    expect(drawn[2]![1]).toBeCloseTo(104 - (100 * Math.log(1 / 0.8)) / Math.log(125), 1);
    expect(drawn[1]![1]).toBeCloseTo((drawn[0]![1]! + drawn[2]![1]!) / 2, 0); // halfway in the logarithm
  });

  test("has no line for what is nothing, and cuts off below what is shown", () => {
    const lines = toLines([{ done: 0, total: 10, content: 0.001 }, { done: 1, total: 5, content: 2 }], 100, 108);
    expect(lines.style).toBe("");
    expect(points(lines.content)[0]).toEqual([0, 104]);
  });

  test("is empty without points", () => {
    expect(toLines([], 100, 100)).toEqual({ total: "", style: "", content: "" });
  });
});

test("points that came meanwhile follow those that were asked for, none twice", () => {
  const older = [{ done: 0.1, elapsed: 1, level: 1, total: 9 }, { done: 0.2, elapsed: 2, level: 1, total: 8 }];
  expect(joined(older, [{ done: 0.2, total: 8 }, { done: 0.3, total: 7 }]).map(({ done }) => done)).toEqual([0.1, 0.2, 0.3]);
  expect(joined([], [{ done: 0.3 }])).toEqual([{ done: 0.3 }]);
});

test.each([[12345, "1.2E4"], [0.00012, "1.2E-4"], [99.94, "99.9"], [0.5, "0.500"]])("the loss %d is written %s", (value, words) => {
  expect(figure(value)).toBe(words);
});
