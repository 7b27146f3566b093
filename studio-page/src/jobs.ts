/** Jobs as the studio tells of them, kept up to date by one event stream. */

import { show as showPicture } from "./easel";
import { address, getBlob, getJson, postJson, remove } from "./http";
import { onChange, state, update } from "./state";
import { notice, say, sayError, undoable } from "./status";
import { binned as binnedOf, finished as finishedOf, isKept, isOver, past as pastOf, unfinished as unfinishedOf } from "./job";
import type { Job } from "./types";
import { DetailedError } from "./detailed";
import { problemWords, t } from "./language";
import { namedJob } from "./named";

let source: EventSource | null = null;
let shown = "";

export function track(job: Job): void {
  const jobs = new Map(state.jobs);
  jobs.set(job.id, namedJob(job, state.styles));
  const leaves = job.deleted && job.id === state.job;
  update(leaves ? { jobs, job: null, showing: "nothing" } : { jobs });
  if (job.id === state.job) void showJob(job);
}

export function startJobs(): void {
  onChange(["onDevice", "session"], connect);
  onChange(["job"], () => {
    const job = state.job === null ? undefined : state.jobs.get(state.job);
    if (job) void showJob(job);
  });
  connect();
}

/** Listen, unless nothing may be asked of the studio. */
function connect(): void {
  source?.close();
  source = null;
  if (state.onDevice || !state.session?.authenticated) return;
  const stream = new EventSource(address("api/v1/events"));
  source = stream;
  stream.addEventListener("open", () => update({ online: true }));
  stream.addEventListener("error", () => {
    update({ online: false });
    // A stream the server refused does not come back by itself.
    if (stream.readyState === EventSource.CLOSED && source === stream) window.setTimeout(connect, 3000);
  });
  stream.addEventListener("job", (event) => heard(JSON.parse((event as MessageEvent<string>).data) as Job));
  stream.addEventListener("deleted", (event) => {
    const { id } = JSON.parse((event as MessageEvent<string>).data) as { id: string };
    forget(id);
  });
}

function heard(job: Job): void {
  const before = state.jobs.get(job.id);
  track(job);
  // Of those of a batch, it says only that it is over.
  if (!before || isOver(before) || !isOver(job) || job.request.batch) return;
  const { title } = state.jobs.get(job.id) ?? job;
  if (isKept(job) && job.status === "done") (job.id === state.job ? say : notice)(t`${title} is painted.`);
  if (job.status === "failed" && isKept(job)) sayError(failure(title, job));
}

function failure(title: string, job: Job): DetailedError {
  const { text, detail } = job.error ? problemWords(job.error.type, job.error.detail) : { text: t`It failed.`, detail: "" };
  return new DetailedError(`${title}: ${text}`, detail);
}

function forget(id: string): void {
  const jobs = new Map(state.jobs);
  if (!jobs.delete(id)) return;
  update(id === state.job ? { jobs, job: null, showing: "nothing" } : { jobs });
}

/** Put what there is of a job's picture on the easel. */
async function showJob(job: Job): Promise<void> {
  // A film is played over the easel, which has a frame of it.
  const whole = job.result && (job.kind === "film" ? job.thumbnail : `${job.result.url}?format=jpg&quality=95&parameters=false&download=false`);
  const path = whole ?? job.preview;
  if (!path || path === shown || state.showing !== "job") return;
  shown = path;
  try {
    const bitmap = await createImageBitmap(await getBlob(path));
    if (shown === path && state.job === job.id && state.showing === "job") showPicture(bitmap, "job");
    bitmap.close();
  } catch (error) {
    if (shown === path) shown = "";
    if (job.result) sayError(error);
  }
}

onChange(["showing"], () => {
  if (state.showing !== "job") shown = "";
});

/** Wait for a job's end. Ends early where `left` says that nobody waits any more. */
export function untilOver(id: string, left: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = onChange(["jobs", "job"], () => {
      const job = state.jobs.get(id);
      if (job && !isOver(job) && !left()) return;
      end();
      if (job?.status === "failed" && !left()) reject(failure(job.title, job));
      else resolve();
    });
  });
}

export async function act(job: Job, what: "cancel" | "pause" | "resume"): Promise<void> {
  try {
    track(await postJson<Job>(`api/v1/jobs/${job.id}/${what}`));
    say({ cancel: t`Cancelled.`, pause: t`Paused.`, resume: t`Going on.` }[what]);
  } catch (error) {
    sayError(error);
  }
}

/** How long it is offered at once to have a deleted job back; the bin has it for longer. */
const UNDO_FOR = 8000;

/** Put a job into the bin; where the studio has none, delete it for good, once confirmed. */
export function deleteJob(job: Job): Promise<void> {
  return deleteJobs([job], job.title);
}

/** The same for several, which have a name together. */
export async function deleteJobs(some: readonly Job[], name: string): Promise<void> {
  const hasBin = state.capabilities?.limits.bin_days !== 0;
  if (!hasBin && !window.confirm(t`Delete ${name} for good?`)) return;
  const deleted = new Date().toISOString();
  try {
    for (const job of some) {
      await remove(`api/v1/jobs/${job.id}`);
      if (hasBin) track({ ...job, deleted });
      else forget(job.id);
    }
  } catch (error) {
    return sayError(error);
  }
  if (!hasBin) return say(t`${name} is deleted.`);
  undoable(t`${name} is in the bin.`, UNDO_FOR, () => void restoreJobs(some, name));
}

export function restoreJob(job: Job): Promise<void> {
  return restoreJobs([job], job.title);
}

async function restoreJobs(some: readonly Job[], name: string): Promise<void> {
  try {
    for (const job of some) track(await postJson<Job>(`api/v1/jobs/${job.id}/restore`));
    say(t`${name} is back.`);
  } catch (error) {
    sayError(error);
  }
}

export async function deleteForGood(job: Job): Promise<void> {
  try {
    await remove(`api/v1/jobs/${job.id}?now=true`);
    forget(job.id);
    say(t`${job.title} is deleted.`);
  } catch (error) {
    sayError(error);
  }
}

export async function emptyBin(): Promise<void> {
  try {
    await remove("api/v1/bin");
    const kept = [...state.jobs].filter(([, job]) => !job.deleted);
    update({ jobs: new Map(kept) });
    say(t`The bin is empty.`);
  } catch (error) {
    sayError(error);
  }
}

/** Submit a failed job once more, as it was asked for, in its place. */
export async function retry(job: Job): Promise<Job | null> {
  try {
    const made = await postJson<Job>("api/v1/jobs", job.request, { headers: { "Idempotency-Key": `again ${job.id}` } });
    track(made);
    await remove(`api/v1/jobs/${job.id}?now=true`);
    forget(job.id);
    return made;
  } catch (error) {
    sayError(error);
    return null;
  }
}

/** Everything kept, newest first, one page after another; and what is in the bin. */
export async function readHistory(): Promise<void> {
  const jobs = new Map(state.jobs);
  for (const place of ["jobs?kind=painting&kind=film&", "bin?"]) {
    let after = "";
    for (let page = 0; page < 4; page++) {
      const found = await getJson<{ jobs: Job[]; next: string | null }>(`api/v1/${place}limit=50${after}`);
      for (const job of found.jobs) jobs.set(job.id, namedJob(job, state.styles));
      if (!found.next) break;
      after = `&after=${encodeURIComponent(found.next)}`;
    }
  }
  update({ jobs });
}

export function unfinished(): Job[] {
  return unfinishedOf(state.jobs.values());
}

export function past(): Job[] {
  return pastOf(state.jobs.values());
}

/** Finished pictures, without films. */
export function pictures(): Job[] {
  return finished().filter(({ kind }) => kind === "painting");
}

export function finished(): Job[] {
  return finishedOf(state.jobs.values());
}

export function binned(): Job[] {
  return binnedOf(state.jobs.values());
}
