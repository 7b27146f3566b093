import { describe, expect, test } from "vitest";
import { binned, finished, isDraft, isOver, leavesBin, past, reason, unfinished } from "../src/job";
import { job, RESULT } from "./jobs";

test.each([
  ["queued", false],
  ["running", false],
  ["pausing", false],
  ["paused", false],
  ["cancelling", false],
  ["done", true],
  ["cancelled", true],
  ["failed", true],
] as const)("a job that is %s is over: %s", (status, over) => {
  expect(isOver(job({ status }))).toBe(over);
});

test("a failed job gives the studio's reason", () => {
  const error = { type: "/problems/painting", title: "It could not be painted", status: 500, detail: "out of memory" };
  expect(reason(job({ error }))).toEqual({ text: "It failed: out of memory", detail: "" });
  expect(reason(job())).toEqual({ text: "It failed.", detail: "" });
});

test("a draft is one by its kind or by its preset", () => {
  expect([job(), job({ kind: "draft" }), job({ request: { ...job().request, preset: "draft" } })].map(isDraft)).toEqual([false, true, true]);
});

describe("lists of jobs", () => {
  const jobs = [
    job({ id: "second", created: "2026-11-21T15:00:00.000Z" }),
    job({ id: "first", created: "2026-11-21T14:00:00.000Z", status: "paused" }),
    job({ id: "page", created: "2026-11-21T16:00:00.000Z", kind: "explanation" }),
    job({ id: "draft", kind: "draft" }),
    job({ id: "older", created: "2026-11-20T10:00:00.000Z", status: "done", result: RESULT }),
    job({ id: "newer", created: "2026-11-20T11:00:00.000Z", status: "cancelled", result: { ...RESULT, partial: true } }),
    job({ id: "nothing painted", status: "cancelled" }),
    job({ id: "broken", created: "2026-11-20T12:00:00.000Z", status: "failed" }),
    job({ id: "finished page", kind: "explanation", status: "done", result: RESULT }),
    job({ id: "thrown", status: "done", result: RESULT, deleted: "2026-11-22T10:00:00.000Z" }),
    job({ id: "thrown later", status: "failed", deleted: "2026-11-23T10:00:00.000Z" }),
    job({ id: "finished draft", kind: "draft", status: "done", result: RESULT }),
  ];

  test("the queue holds what is not over, but for drafts, the oldest first", () => {
    expect(unfinished(jobs).map(({ id }) => id)).toEqual(["first", "second", "page"]);
  });

  test("the shelf has those that failed too", () => {
    expect(past(jobs).map(({ id }) => id)).toEqual(["broken", "newer", "older"]);
  });

  test("the bin has what was deleted, last first", () => {
    expect(binned(jobs).map(({ id }) => id)).toEqual(["thrown later", "thrown"]);
  });

  test("past pictures are paintings with a result, the newest first", () => {
    expect(finished(jobs).map(({ id }) => id)).toEqual(["newer", "older"]);
  });
});

test("what is in the bin leaves it after its days", () => {
  expect(leavesBin(job({ deleted: "2026-11-22T10:00:00.000Z" }), 30)).toBe("2026-12-22T10:00:00.000Z");
});
