/** Photographs painted with one set of settings: what can be told of them without a page. */

import { when } from "./format";
import { isOver } from "./job";
import { Problem, Unreachable } from "./http";
import type { Job, JobRequest } from "./types";
import { t } from "./language";

/** A photograph that is still to be sent to the studio, with how it is to be painted. */
export interface Unsent {
  /** Its place among the others, and what keeps it from being painted twice. */
  key: string;
  batch: string;
  name: string;
  blob: Blob;
  request: Omit<JobRequest, "photo">;
  /** Why it cannot be painted, and more about it in English; null while it waits. */
  refusal: { text: string; detail: string } | null;
  /** Whether the browser has it after a reload. */
  isKept: boolean;
}

/** How far a batch is. */
export interface Standing {
  total: number;
  painted: number;
  /** Failed in the studio, or refused by it. */
  failed: number;
  cancelled: number;
  unfinished: number;
  /** The share of the work that is done, 0 to 1. */
  share: number;
}

/** The batch a painting belongs to; null for one in the bin. */
export const batchOf = (job: Job) => (job.kind === "painting" && !job.deleted ? (job.request.batch ?? null) : null);

/** The paintings of a batch that the studio has, in the order of their photographs. */
export function jobsOf(batch: string, jobs: Iterable<Job>): Job[] {
  return [...jobs].filter((job) => batchOf(job) === batch).sort((a, b) => a.created.localeCompare(b.created));
}

export function standing(batch: string, jobs: Iterable<Job>, unsent: readonly Unsent[]): Standing {
  const [own, waiting] = [jobsOf(batch, jobs), unsent.filter((one) => one.batch === batch)];
  const count = (test: (job: Job) => boolean) => own.filter(test).length;
  const refused = waiting.filter(({ refusal }) => refusal !== null).length;
  const total = own.length + waiting.length;
  const done = own.reduce((sum, job) => sum + (isOver(job) ? 1 : (job.progress?.done ?? 0)), refused);
  return {
    total,
    painted: count(({ status }) => status === "done"),
    failed: count(({ status }) => status === "failed") + refused,
    cancelled: count(({ status }) => status === "cancelled"),
    unfinished: count((job) => !isOver(job)) + waiting.length - refused,
    share: total === 0 ? 0 : done / total,
  };
}

/** The batches of which something is not over, the newest last. */
export function unfinishedBatches(jobs: Iterable<Job>, unsent: readonly Unsent[]): string[] {
  const sent = [...jobs].filter((job) => !isOver(job)).sort((a, b) => a.created.localeCompare(b.created));
  const names = [...sent.map(batchOf), ...unsent.filter(({ refusal }) => refusal === null).map(({ batch }) => batch)];
  return [...new Set(names.filter((name) => name !== null))];
}

/** What stands for a folder that has no name; like the time, it is translated where it is shown. */
const NO_FOLDER = "Photographs";

/** A name for a new batch, by which it can be found again, the same in every language: the folder's, and the minute. */
export function newName(folder: string, now: Date, taken: ReadonlySet<string>): string {
  const plain = (folder || NO_FOLDER).replace(/\p{Cc}/gu, " ").slice(0, 60).trim();
  const first = `${plain}, ${now.toISOString().slice(0, 16)}Z`;
  let name = first;
  for (let number = 2; taken.has(name); number++) name = `${first} (${number})`;
  return name;
}

/** A batch's name in words of the page's language; names that a program gave stay as they are. */
export function batchTitle(name: string): string {
  const [, folder, time, more = ""] = /^(.+), (\d{4}-\d\d-\d\dT\d\d:\d\dZ)( \(\d+\))?$/.exec(name) ?? [];
  if (folder === undefined || Number.isNaN(Date.parse(time!))) return name;
  return `${folder === NO_FOLDER ? t`Photographs` : folder}, ${when(time!)}${more}`;
}

/** What is wrong now, and will pass: the seconds to wait; null for what stays wrong. */
export function patience(error: unknown): number | null {
  if (error instanceof Unreachable) return 3;
  if (!(error instanceof Problem) || ![401, 408, 429, 502, 503, 504].includes(error.status)) return null;
  return error.document.retry_after ?? 3;
}

/** Whether the studio has the job already: its answer was lost, and it was asked again with another copy of the photograph. */
export function wasAccepted(error: unknown): boolean {
  return error instanceof Problem && error.document.type === "/problems/idempotency";
}

/** A batch in words: how many are painted, and what became of the others. */
export function standingWords({ total, painted, failed, cancelled }: Standing): string {
  const parts = [t`${painted} of ${total} painted`];
  if (failed > 0) parts.push(t`${failed} failed`);
  if (cancelled > 0) parts.push(t`${cancelled} cancelled`);
  return parts.join(", ");
}
