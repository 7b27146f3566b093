/** Jobs as the studio tells of them, kept up to date by one event stream. */

import { show as showPicture } from "./easel";
import { address, getBlob, getJson, postJson, remove } from "./http";
import { onChange, state, update } from "./state";
import { notice, say, sayError, undoable } from "./status";
import { finished as finishedOf, isOver, past as pastOf, unfinished as unfinishedOf } from "./job";
import type { Job } from "./types";
import { DetailedError } from "./detailed";
import { problemWords, t } from "./language";
import { namedJob } from "./named";

let source: EventSource | null = null;
let shown = "";

export function track(job: Job): void {
  const jobs = new Map(state.jobs);
  jobs.set(job.id, namedJob(job, state.styles));
  update({ jobs });
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
  if (leaving.has(job.id)) return;
  const before = state.jobs.get(job.id);
  track(job);
  if (!before || isOver(before) || !isOver(job)) return;
  const { title } = state.jobs.get(job.id) ?? job;
  if (job.kind === "painting" && job.status === "done") (job.id === state.job ? say : notice)(t`${title} is painted.`);
  if (job.status === "failed" && job.kind === "painting") sayError(failure(title, job));
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
  const path = job.result ? `${job.result.url}?format=jpg&quality=95&parameters=false&download=false` : job.preview;
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

/** How long a deleted job can be had back. */
const UNDO_FOR = 8000;
/** Jobs deleted here that the studio still has, with the timers that delete them there. */
const leaving = new Map<string, number>();

/** Delete a job, in the studio after a while, in which it can be had back. */
export function deleteJob(job: Job): void {
  const timer = window.setTimeout(() => void removeJob(job.id).catch(sayError), UNDO_FOR);
  leaving.set(job.id, timer);
  forget(job.id);
  undoable(t`${job.title} is deleted.`, UNDO_FOR, () => {
    if (!leaving.delete(job.id)) return;
    window.clearTimeout(timer);
    track(job);
    say(t`${job.title} is back.`);
  });
}

async function removeJob(id: string): Promise<void> {
  leaving.delete(id);
  forget(id);
  await remove(`api/v1/jobs/${id}`);
}

/** What was deleted is not kept because the page is closed. */
window.addEventListener("pagehide", () => {
  for (const id of leaving.keys()) void removeJob(id).catch(() => undefined);
});

/** Submit a failed job once more, as it was asked for, in its place. */
export async function retry(job: Job): Promise<Job | null> {
  try {
    const made = await postJson<Job>("api/v1/jobs", job.request, { headers: { "Idempotency-Key": `again ${job.id}` } });
    track(made);
    await removeJob(job.id);
    return made;
  } catch (error) {
    sayError(error);
    return null;
  }
}

/** Everything kept, newest first, one page after another. */
export async function readHistory(): Promise<void> {
  let after = "";
  const jobs = new Map(state.jobs);
  for (let page = 0; page < 4; page++) {
    const found = await getJson<{ jobs: Job[]; next: string | null }>(`api/v1/jobs?limit=50${after}`);
    for (const job of found.jobs) if (!leaving.has(job.id)) jobs.set(job.id, namedJob(job, state.styles));
    if (!found.next) break;
    after = `&after=${encodeURIComponent(found.next)}`;
  }
  update({ jobs });
}

export function unfinished(): Job[] {
  return unfinishedOf(state.jobs.values());
}

export function past(): Job[] {
  return pastOf(state.jobs.values());
}

export function finished(): Job[] {
  return finishedOf(state.jobs.values());
}
