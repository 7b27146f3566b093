/** Jobs as the studio describes them: what can be told from one alone, or from a list of them. */

import type { Job } from "./types";
import { problemWords, t } from "./language";

export function isOver(job: Job): boolean {
  return job.status === "done" || job.status === "cancelled" || job.status === "failed";
}

/** Why a job failed; `detail`: the studio's own words in English, where those are others. */
export function reason(job: Job): { text: string; detail: string } {
  if (!job.error) return { text: t`It failed.`, detail: "" };
  const { text, detail } = problemWords(job.error.type, job.error.detail);
  return { text: detail ? text : t`It failed: ${text}`, detail };
}

/** Whether its result is kept on the shelf: a painting or a film. */
export function isKept({ kind }: Job): boolean {
  return kind === "painting" || kind === "film";
}

/** Paintings and explanations that are not over, the oldest first. */
export function unfinished(jobs: Iterable<Job>): Job[] {
  return [...jobs].filter((job) => !isOver(job) && job.kind !== "draft").sort((a, b) => a.created.localeCompare(b.created));
}

/** Paintings and films that are over, with a picture or with the reason why there is none, the newest first. */
export function past(jobs: Iterable<Job>): Job[] {
  return newestFirst([...jobs].filter((job) => isOver(job) && !job.deleted && isKept(job) && (job.result || job.status === "failed")));
}

/** Whether it was painted quickly, to look at. */
export function isDraft(job: Job): boolean {
  return job.kind === "draft" || job.request.preset === "draft";
}

const newestFirst = (jobs: Job[]) => jobs.sort((a, b) => b.created.localeCompare(a.created));

/** Paintings with a picture, and films, the newest first. */
export function finished(jobs: Iterable<Job>): Job[] {
  return newestFirst([...jobs].filter((job) => isOver(job) && !job.deleted && isKept(job) && job.result));
}

/** What is in the bin, deleted last first. */
export function binned(jobs: Iterable<Job>): Job[] {
  return [...jobs].filter((job) => job.deleted).sort((a, b) => b.deleted!.localeCompare(a.deleted!));
}

/** When a job leaves the bin for good, after so many days. */
export function leavesBin(job: Job, days: number): string {
  return new Date(Date.parse(job.deleted!) + days * 86_400_000).toISOString();
}
