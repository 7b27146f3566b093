import type { Job } from "../src/types";

/** A painting that is being painted, but for what `changes` says. */
export function job(changes: Partial<Job> = {}): Job {
  return {
    id: "j_1",
    kind: "painting",
    title: "cat.jpg, The Great Wave",
    status: "running",
    created: "2026-11-21T14:00:00.000Z",
    started: null,
    finished: null,
    position: null,
    attempts: 1,
    request: { photo: "p_1", styles: [{ name: "great-wave" }] },
    of: null,
    progress: null,
    preview: null,
    result: null,
    thumbnail: null,
    explanation: null,
    error: null,
    deleted: null,
    ...changes,
  };
}

export const RESULT = { url: "/api/v1/jobs/j_1/result", width: 384, height: 256, bytes: 1000, seconds: 10, partial: false };
