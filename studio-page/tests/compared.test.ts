import { describe, expect, test } from "vitest";
import { differences, MOST, pair, toggled } from "../src/compared";
import type { Job, JobSettings } from "../src/types";
import { job, RESULT } from "./jobs";

const request = (changes: Partial<JobSettings> = {}): JobSettings => ({ ...job().request, size: 1024, ...changes });
const titleOf = ({ name }: JobSettings["styles"][number]) => name ?? "own";

describe("differences", () => {
  test("only what is not equal everywhere is told", () => {
    const found = differences([request(), request({ strength: 0.7 }), request({ strength: 0.7, size: 512 })], titleOf);
    expect(found).toEqual([["Strength: 100%", "1024 px"], ["Strength: 70%", "1024 px"], ["Strength: 70%", "512 px"]]);
  });

  test("what is left out is as the studio takes it, so that it differs from nothing", () => {
    const full = request({ strength: 1, stroke_size: 1, keep_color: 0, preset: "default", seed: 0, options: {} });
    expect(differences([full, request()], titleOf)).toEqual([[], []]);
  });

  test("styles are told with their shares, masks and options in words", () => {
    const two = request({ styles: [{ name: "great-wave", weight: 3 }, { name: "the-kiss", weight: 1 }], protect: "p_2", options: { iterations: 3 } });
    expect(differences([request(), two], titleOf)).toEqual([
      ["great-wave", "Without masks"],
      ["great-wave 75% and the-kiss 25%", "With masks", "iterations 3"],
    ]);
  });
});

describe("what a result is compared with at first", () => {
  const result = (id: string, photo: string): Job => job({ id, status: "done", result: RESULT, request: request({ photo }) });
  const results = [result("new", "p_1"), result("other", "p_2"), result("old", "p_1")];

  test("the latest other of the same photograph", () => {
    expect(pair(results[0]!, results).map(({ id }) => id)).toEqual(["old", "new"]);
  });

  test("the latest other where there is none of the same photograph", () => {
    expect(pair(results[1]!, results).map(({ id }) => id)).toEqual(["new", "other"]);
    expect(pair(results[1]!, [results[1]!]).map(({ id }) => id)).toEqual(["other"]);
  });
});

test("results come and go, four at most", () => {
  expect(toggled(["a", "b"], "a")).toEqual(["b"]);
  expect(toggled(["a"], "b")).toEqual(["a", "b"]);
  const full = ["a", "b", "c", "d"];
  expect(full.length).toBe(MOST);
  expect(toggled(full, "e")).toBe(full);
});
