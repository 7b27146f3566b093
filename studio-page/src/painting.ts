/** From settings to pictures: the instant preview, on the device or by the studio, and drafts. */

import { post, postJson, Problem, remove } from "./http";
import { show as showPicture } from "./easel";
import { track, untilOver } from "./jobs";
import { anyMasks, protectedPart, storeMasks, styleMasks } from "./masks";
import { idOf, pixelsOf, decode } from "./photo";
import { ask } from "./pixels/desk";
import { fit } from "./pixels/planes";
import type { Choice } from "./mix";
import { DRAFT_LEAST, sideInTime, toRequest, type Sources } from "./request";
import { findPainting, findStyle, onChange, shares, state, titleOf, update } from "./state";
import { say, sayError } from "./status";
import type { Job } from "./types";

const PREVIEW_SIDE = 640;
const DEVICE_SIDE = 512;
/** What a browser's memory holds of the network's layers. */
export const DEVICE_MOST = 1600;

/** As large as the last draft allows, by what it took on the studio's machine. */
let draftSide = Infinity;
let turn = 0;
let holding = 0;
let timer = 0;
let draft: string | null = null;
let line: Promise<unknown> = Promise.resolve();

/** One preview at a time; those that are out of date by then are not painted. */
function inLine<T>(work: () => Promise<T>): Promise<T> {
  const mine = line.then(work);
  line = mine.catch(() => undefined);
  return mine;
}

/** Preview again whenever something that shows has changed. */
export function startPreviews(): void {
  onChange(["photo", "mix", "strength", "strokeSize", "keepColor", "masksChanged", "onDevice", "device"], schedule);
}

/** Change settings without a preview: what is shown comes from elsewhere. */
export async function held(change: () => Promise<void>): Promise<void> {
  holding += 1;
  turn++;
  window.clearTimeout(timer);
  try {
    await change();
  } finally {
    // Listeners hear of the change a moment later.
    window.setTimeout(() => (holding -= 1));
  }
}

function schedule(): void {
  if (holding > 0) return;
  window.clearTimeout(timer);
  if (!state.photo || state.mix.length === 0) return withdraw();
  const slow = !isInstant();
  timer = window.setTimeout(() => void preview(), slow ? 700 : 160);
}

function withdraw(): void {
  turn++;
  if (state.showing === "preview") update({ showing: "nothing" });
}

/** Whether this mix is painted at once, here or in the studio. */
export function isInstant(): boolean {
  if (state.onDevice) return true;
  return Boolean(state.capabilities?.fast) && state.mix.every(({ key }) => findPainting(key) || findStyle(key)?.fast);
}

export async function preview(): Promise<void> {
  if (state.onDevice && state.device.status !== "ready") return;
  const mine = ++turn;
  update({ busy: "Painting a preview", job: null });
  void dropDraft();
  try {
    if (state.onDevice) await inLine(() => onDevice(mine, DEVICE_SIDE));
    else if (isInstant()) await inLine(() => byStudio(mine));
    else await byDraft(mine);
    if (mine === turn) say("The preview is ready.");
  } catch (error) {
    if (mine === turn) {
      sayError(error);
      // The picture of a job that was put away is not this mix's.
      if (state.showing === "job" && state.job === null) update({ showing: "nothing" });
    }
  } finally {
    if (mine === turn) update({ busy: "" });
  }
}

/** One mix for the whole picture, or one a mask. */
function mixes(masked: boolean): Choice[][] {
  return masked ? state.mix.map(({ key }) => [{ key, weight: 1 }]) : [shares()];
}

function sized(side: number): [number, number] {
  const { canvas } = state.photo!;
  return fit(canvas.width, canvas.height, side).map((length) => Math.max(16, length)) as [number, number];
}

async function onDevice(mine: number, side: number): Promise<void> {
  if (mine !== turn) return;
  const unknown = state.mix.find(({ key }) => !state.device.styles.includes(key));
  if (unknown) {
    const own = findPainting(unknown.key);
    throw new Error(own ? "Paintings of your own need the studio; on this device there are those of the gallery." : `${titleOf(unknown.key)} is not in the network on this device; the studio paints after it.`);
  }
  const [width, height] = sized(side);
  const masks = styleMasks(width, height);
  const reply = await ask({
    kind: "paint",
    side,
    mixes: mixes(masks.length > 0),
    strength: Math.min(1, state.strength),
    strokeSize: inGallery(state.strokeSize),
    masks,
    protect: protectedPart(width, height),
    keepColor: state.keepColor,
  });
  if (mine !== turn || !reply.image) return;
  // Told without another preview: `device` itself is what previews wait for.
  state.device.milliseconds = reply.milliseconds ?? null;
  showPicture(reply.image, "preview");
}

/** The gallery network has strokes from half their size to the painting's own. */
function inGallery(strokeSize: number): number {
  return Math.min(1, Math.max(0.5, strokeSize));
}

async function byStudio(mine: number): Promise<void> {
  if (mine !== turn) return;
  const id = await idOf(state.photo!, "photo");
  const side = Math.min(PREVIEW_SIDE, state.capabilities?.limits.preview_side ?? PREVIEW_SIDE);
  const [width, height] = sized(side);
  const masks = styleMasks(width, height);
  const images: ImageData[] = [];
  for (const mix of mixes(masks.length > 0)) {
    if (mine !== turn) return;
    images.push(await previewOf(id, mix, side, [width, height]));
  }
  if (mine !== turn) return;
  const look = { masks, protect: protectedPart(width, height), keepColor: state.keepColor };
  const reply = await ask({ kind: "finish", images, ...look });
  if (mine === turn && reply.image) showPicture(reply.image, "preview");
}

async function previewOf(photo: string, mix: Choice[], side: number, [width, height]: [number, number]): Promise<ImageData> {
  const styles = await Promise.all(mix.map(async ({ key, weight }) => ({ ...(await sourceOf(key)), weight })));
  // Colours are laid on here, so that their slider answers without another painting.
  const body = { photo, styles, strength: state.strength, stroke_size: Math.min(4, Math.max(0.25, state.strokeSize)), keep_color: 0, side };
  const { canvas } = await decode(await (await patiently(() => post("api/v1/preview", body))).blob(), side);
  if (canvas.width === width && canvas.height === height) return pixelsOf(canvas);
  const exact = document.createElement("canvas");
  [exact.width, exact.height] = [width, height];
  exact.getContext("2d", { willReadFrequently: true })!.drawImage(canvas, 0, 0, width, height);
  return pixelsOf(exact);
}

/** Ask again where the studio says that it will have time in a moment. */
async function patiently(send: () => Promise<Response>): Promise<Response> {
  for (let left = 3; ; left--) {
    try {
      return await send();
    } catch (error) {
      const wait = error instanceof Problem && error.status === 429 ? error.document.retry_after : undefined;
      if (left === 0 || wait == null || wait > 5) throw error;
      await new Promise((resolve) => window.setTimeout(resolve, 1000 * wait));
    }
  }
}

async function byDraft(mine: number): Promise<void> {
  const request = toRequest(state, await storeSources(), draftSize());
  if (mine !== turn) return;
  const job = await postJson<Job>("api/v1/jobs", request);
  draft = job.id;
  track(job);
  if (mine !== turn) return void dropDraft();
  update({ showing: "job", job: job.id });
  await untilOver(job.id, () => mine !== turn);
  const painted = state.jobs.get(job.id);
  if (painted?.status === "done" && painted.result) draftSide = sideInTime(painted.result);
}

function draftSize(): number {
  const most = state.capabilities?.limits.draft_size ?? 384;
  return Math.min(most, Math.max(DRAFT_LEAST, draftSide));
}

async function dropDraft(): Promise<void> {
  const old = draft;
  draft = null;
  if (old === null || state.onDevice) return;
  // The page about it would go with it.
  if ([...state.jobs.values()].some((job) => job.of === old)) return;
  await remove(`api/v1/jobs/${old}`).catch(() => undefined); // it leaves by itself within the hour
}

/** Photograph, styles and masks by what the studio knows them by; they are sent where they have not been. */
async function storeSources(): Promise<Sources> {
  const photo = await idOf(state.photo!, "photo");
  const { styles: masks, protect } = anyMasks() ? await storeMasks() : { styles: [], protect: null };
  const styles = await Promise.all(state.mix.map(({ key }) => sourceOf(key)));
  return { photo, styles, masks, protect };
}

/** A style by its name, or by the picture that is sent where it has not been. */
async function sourceOf(key: string): Promise<{ name: string } | { picture: string }> {
  const painting = findPainting(key);
  return painting ? { picture: await idOf(painting, "painting") } : { name: key };
}

/** "Paint it properly". */
export async function paintProperly(): Promise<void> {
  if (!state.photo || state.mix.length === 0) return;
  turn++;
  window.clearTimeout(timer);
  update({ busy: "Submitting the painting" });
  try {
    const request = toRequest(state, await storeSources());
    const key = crypto.randomUUID?.() ?? String(Math.random());
    const job = await postJson<Job>("api/v1/jobs", request, { headers: { "Idempotency-Key": key } });
    void dropDraft();
    track(job);
    update({ showing: "job", job: job.id });
    say("Painting has started.");
  } catch (error) {
    sayError(error);
  } finally {
    update({ busy: "" });
  }
}

/** On the device, at the size asked for. */
export async function paintHere(): Promise<void> {
  if (!state.photo || state.mix.length === 0 || state.device.status !== "ready") return;
  const mine = ++turn;
  window.clearTimeout(timer);
  const side = Math.min(state.size, DEVICE_MOST);
  update({ busy: `Painting ${side} pixels on this device` });
  try {
    await inLine(() => onDevice(mine, side));
    if (mine === turn) say("The painting is ready.");
  } catch (error) {
    if (mine === turn) sayError(error);
  } finally {
    if (mine === turn) update({ busy: "" });
  }
}
