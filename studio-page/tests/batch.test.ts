import { expect, test, vi } from "vitest";
import { jobsOf, newName, patience, standing, standingWords, unfinishedBatches, wasAccepted, type Unsent } from "../src/batch";
import { Problem, Unreachable } from "../src/http";
import type { Job } from "../src/types";
import { job, RESULT } from "./jobs";

vi.hoisted(() => vi.stubGlobal("document", { baseURI: "http://studio.example/" }));

const SEA = "Sea, 29 Nov";

const of = (batch: string | null, changes: Partial<Job>) => job({ ...changes, request: { ...job().request, batch } });

function unsent(changes: Partial<Unsent> = {}): Unsent {
  return { key: "1", batch: SEA, name: "cat.jpg", blob: new Blob(), request: { styles: [] }, refusal: null, isKept: true, ...changes };
}

const problem = (status: number, more: object = {}) => new Problem({ type: "about:blank", title: "", detail: "", status, ...more });

const JOBS = [
  of(SEA, { id: "3", created: "2026-11-29T14:00:03Z", status: "queued" }),
  of(SEA, { id: "1", created: "2026-11-29T14:00:01Z", status: "done", result: RESULT }),
  of(SEA, { id: "2", created: "2026-11-29T14:00:02Z", status: "failed" }),
  of(SEA, { id: "page", kind: "explanation" }),
  of(SEA, { id: "thrown away", deleted: "2026-11-29T14:10:00Z" }),
  of("Hills", { id: "other", created: "2026-11-29T15:00:00Z" }),
  of(null, { id: "alone" }),
];

test("a batch has its paintings, in the order of the photographs", () => {
  expect(jobsOf(SEA, JOBS).map(({ id }) => id)).toEqual(["1", "2", "3"]);
});

test("a batch stands where its paintings do, and what is unsent or refused belongs to it", () => {
  const waiting = [unsent(), unsent({ key: "2", refusal: { text: "too large", detail: "" } }), unsent({ key: "3", batch: "Hills" })];
  const found = standing(SEA, JOBS, waiting);
  expect(found).toEqual({ total: 5, painted: 1, failed: 2, cancelled: 0, unfinished: 2, share: 3 / 5 });
  expect(standingWords(found)).toBe("1 of 5 painted, 2 failed");
  expect(standing("none", JOBS, waiting)).toMatchObject({ total: 0, share: 0 });
});

test("what is being painted counts by how far it is", () => {
  const progress = { done: 0.5 } as Job["progress"];
  expect(standing(SEA, [of(SEA, { progress })], [unsent()]).share).toBe(0.25);
});

test("a batch is unfinished while something of it waits or is painted; the newest is the last", () => {
  expect(unfinishedBatches(JOBS, [])).toEqual([SEA, "Hills"]);
  expect(unfinishedBatches([], [unsent({ batch: "New" }), unsent({ batch: "Refused", refusal: { text: "no", detail: "" } })])).toEqual(["New"]);
});

const NOON = new Date("2026-11-29T12:00:59Z");
const NAMED = "Sea, 2026-11-29T12:00Z";

test("a new batch is named by its folder and the time, and not as another", () => {
  expect(newName("Sea", NOON, new Set())).toBe(NAMED);
  expect(newName("Sea", NOON, new Set([NAMED, `${NAMED} (2)`]))).toBe(`${NAMED} (3)`);
  expect(newName("", NOON, new Set())).toBe("Photographs, 2026-11-29T12:00Z");
  expect(newName(`a\n${"x".repeat(200)}`, NOON, new Set()).length).toBeLessThan(100);
});

test("a batch made in one language is shown in that of the page", async () => {
  vi.resetModules();
  vi.stubGlobal("navigator", { languages: ["de"] });
  const [german, { when }] = [await import("../src/batch"), await import("../src/format")];
  expect(german.newName("", NOON, new Set())).toBe("Photographs, 2026-11-29T12:00Z");
  expect(german.batchTitle("Photographs, 2026-11-29T12:00Z")).toBe(`Fotos, ${when("2026-11-29T12:00Z")}`);
  expect(german.batchTitle("Sea, 2026-11-29T12:00Z (2)")).toBe(`Sea, ${when("2026-11-29T12:00Z")} (2)`);
  expect(german.batchTitle("Sea, 2026-99-99T12:00Z")).toBe("Sea, 2026-99-99T12:00Z");
  expect(german.batchTitle(SEA)).toBe(SEA);
});

test("what passes is waited for, as long as the studio says; the rest is not", () => {
  expect(patience(new Unreachable())).toBe(3);
  expect(patience(problem(429, { retry_after: 40 }))).toBe(40);
  expect(patience(problem(503))).toBe(3);
  expect([403, 413, 415, 422, 507].map((status) => patience(problem(status)))).toEqual([null, null, null, null, null]);
  expect(patience(new Error("no picture"))).toBeNull();
});

test("a job asked for once more under its key is there already", () => {
  expect(wasAccepted(problem(422, { type: "/problems/idempotency" }))).toBe(true);
  expect(wasAccepted(problem(422))).toBe(false);
});
