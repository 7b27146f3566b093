/** Many photographs painted with one set of settings: sent one after another, each its own job, all in one batch. */

import { batchTitle, jobsOf, newName, patience, standing, standingWords, unfinishedBatches, wasAccepted, type Unsent } from "./batch";
import { DetailedError } from "./detailed";
import { h } from "./dom";
import { address, getJson, postJson, Problem } from "./http";
import { isOver } from "./job";
import { track, unfinished } from "./jobs";
import { namedJob } from "./named";
import { maskedRequest, sharedRequest } from "./painting";
import { idOf, toPhoto } from "./photo";
import { onChange, state, update, watch, type Chosen } from "./state";
import { notice, say, sayError } from "./status";
import { forget, keep, keptBelow } from "./store";
import type { Job } from "./types";
import { t } from "./language";

const PLACE = "unsent/";
/** So many are sent at once, and then one in so many seconds: a studio takes some uploads a minute, and previews need some too. */
const BURST = 20;
const PACE = 1.5;

/** Paint all that were chosen together, as the settings are now. Answers with the batch's name; null where that failed. */
export async function paintMany(): Promise<string | null> {
  const { many, folder, photo } = state;
  update({ busy: t`Submitting the paintings` });
  try {
    const shared = await sharedRequest();
    const masked = many.some(({ key }) => key === photo?.chosen) ? await maskedRequest() : null;
    const batch = newName(folder, new Date(), new Set([...state.jobs.values()].map((job) => job.request.batch ?? "")));
    const start = `${new Date().toISOString()} ${crypto.randomUUID?.() ?? Math.random()}`;
    const unsent = many.map((one, index): Unsent => {
      const request = masked && one.key === photo?.chosen ? masked : shared;
      return { key: `${start} ${String(index).padStart(4, "0")}`, batch, name: one.name, blob: one.blob, request, refusal: null, isKept: false };
    });
    update({ unsent: [...state.unsent, ...unsent], many: [] });
    void keepAll(unsent);
    void sendAll();
    say(t`Painting has started.`);
    return batch;
  } catch (error) {
    sayError(error);
    return null;
  } finally {
    update({ busy: "" });
  }
}

/** Keep what a reload is to go on with; large photographs take a while. */
async function keepAll(unsent: readonly Unsent[]): Promise<void> {
  for (const one of unsent) {
    if (!isHere(one)) continue;
    const isKept = await keep(PLACE + one.key, { ...one, isKept: true });
    if (isHere(one)) replace(one, { isKept });
    else await forget(PLACE + one.key);
  }
}

/** Without the photograph `key`; one that is left alone is not many. */
export function leaveOut(key: string): void {
  const many = state.many.filter((one: Chosen) => one.key !== key);
  update({ many: many.length > 1 ? many : [] });
}

/** Go on with what was not sent when the page was closed, and say when a batch is done. */
export async function startSending(): Promise<void> {
  window.addEventListener("beforeunload", (event) => {
    if (state.unsent.some(({ isKept, refusal }) => !isKept && refusal === null)) event.preventDefault();
  });
  let before = new Set<string>();
  watch(["jobs", "unsent"], () => {
    const now = new Set(unfinishedBatches(state.jobs.values(), state.unsent));
    for (const batch of before) if (!now.has(batch)) sayOver(batch);
    before = now;
  });
  update({ unsent: await keptBelow<Unsent>(PLACE) });
  await sendAll();
}

function sayOver(batch: string): void {
  const found = standing(batch, state.jobs.values(), state.unsent);
  if (found.painted === 0) return;
  const words = `${batchTitle(batch)}: ${standingWords(found)}.`;
  if (document.querySelector("dialog.batch-sheet[open]")) say(words);
  else notice(words, h("a", { href: archiveAddress(batch, "png"), download: "" }, t`Download all`));
}

/** All results of a batch, as a zip archive. */
export function archiveAddress(batch: string, format: string): string {
  return address(`api/v1/results?${new URLSearchParams({ batch, format })}`);
}

/** Of several windows, one sends at a time. */
async function alone(work: () => Promise<void>): Promise<void> {
  if (navigator.locks) await navigator.locks.request("impasto-sending", work);
  else await work();
}

let isSending = false;

async function sendAll(): Promise<void> {
  if (isSending || state.unsent.length === 0) return;
  isSending = true;
  try {
    await alone(async () => {
      // Another window may have sent some meanwhile.
      const left = new Set((await keptBelow<Unsent>(PLACE)).map(({ key }) => key));
      update({ unsent: state.unsent.filter(({ key, isKept }) => !isKept || left.has(key)) });
      for (let sent = 1; ; sent++) {
        const next = state.unsent.find(({ refusal }) => refusal === null);
        if (!next) break;
        await send(next);
        if (sent >= BURST) await new Promise((resolve) => window.setTimeout(resolve, 1000 * PACE));
      }
    });
  } finally {
    isSending = false;
  }
}

const isHere = ({ key }: Unsent) => state.unsent.some((one) => one.key === key);
const isWanted = ({ key }: Unsent) => state.unsent.some((one) => one.key === key && one.refusal === null);

/** Send one, however often the studio asks to try again later. */
async function send(one: Unsent): Promise<void> {
  let photo: string | null = null;
  while (isWanted(one)) {
    try {
      if (state.onDevice) await new Promise<void>((resolve) => onceNotOnDevice(resolve));
      photo ??= await idOf(await toPhoto(one.blob, one.name), "photo");
      if (!isWanted(one)) return;
      const request = { ...one.request, photo, batch: one.batch };
      track(await postJson<Job>("api/v1/jobs", request, { headers: { "Idempotency-Key": one.key } }));
      return takeBack([one]);
    } catch (error) {
      if (wasAccepted(error)) return takeBack([one]);
      const seconds = patience(error);
      if (seconds !== null) await rest(seconds);
      else change(one, { refusal: { text: error instanceof Error ? error.message : String(error), detail: error instanceof DetailedError ? error.detail : "" } });
    }
  }
}

function onceNotOnDevice(call: () => void): void {
  const end = onChange(["onDevice"], () => {
    if (state.onDevice) return;
    end();
    call();
  });
}

/** Wait for some seconds, or until there is room in the queue. */
function rest(seconds: number): Promise<void> {
  const before = unfinished().length;
  return new Promise((resolve) => {
    const go = () => {
      end();
      window.clearTimeout(timer);
      resolve();
    };
    const timer = window.setTimeout(go, 1000 * seconds);
    const end = onChange(["jobs", "unsent"], () => {
      if (unfinished().length < before || state.unsent.length === 0) go();
    });
  });
}

/** Answers with what it is now. */
function replace({ key }: Unsent, changes: Partial<Unsent>): Unsent | undefined {
  update({ unsent: state.unsent.map((one) => (one.key === key ? { ...one, ...changes } : one)) });
  return state.unsent.find((one) => one.key === key);
}

function change(one: Unsent, changes: Partial<Unsent>): void {
  const changed = replace(one, changes);
  if (changed?.isKept) void keep(PLACE + one.key, changed);
}

/** Try once more what was refused. */
export function sendAgain(one: Unsent): void {
  change(one, { refusal: null });
  void sendAll();
}

/** Photographs that are not to be sent any more. */
export function takeBack(some: readonly Unsent[]): void {
  const keys = new Set(some.map(({ key }) => key));
  update({ unsent: state.unsent.filter(({ key }) => !keys.has(key)) });
  for (const key of keys) void forget(PLACE + key);
}

/** Cancel everything of a batch that is not over. */
export async function cancelRest(batch: string): Promise<void> {
  takeBack(state.unsent.filter((one) => one.batch === batch && one.refusal === null));
  const open = jobsOf(batch, state.jobs.values()).filter((job) => !isOver(job));
  for (const job of open) {
    try {
      track(await postJson<Job>(`api/v1/jobs/${job.id}/cancel`));
    } catch (error) {
      if (!(error instanceof Problem && [404, 409].includes(error.status))) return sayError(error); // else it ended meanwhile
    }
  }
  say(t`Cancelled.`);
}

/** All jobs of a batch, older than the history that was read. */
export async function readBatch(batch: string): Promise<void> {
  let after = "";
  for (;;) {
    const found = await getJson<{ jobs: Job[]; next: string | null }>(`api/v1/jobs?limit=100&${new URLSearchParams({ batch })}${after}`);
    const jobs = new Map(state.jobs);
    for (const job of found.jobs) jobs.set(job.id, namedJob(job, state.styles));
    update({ jobs });
    if (!found.next) return;
    after = `&after=${encodeURIComponent(found.next)}`;
  }
}
