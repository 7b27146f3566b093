/** From settings to pictures: the instant preview, on the device or by the studio, and the painting itself. */

import { post, postJson, Problem } from "./http";
import { show as showPicture } from "./easel";
import { track } from "./jobs";
import { anyMasks, protectedPart, storeMasks, styleMasks } from "./masks";
import { idOf, pixelsOf, decode } from "./photo";
import { ask, keepPainting } from "./pixels/desk";
import { fit } from "./pixels/planes";
import type { Choice } from "./mix";
import { toFilmRequest, toRequest, type Sources } from "./request";
import { DISPLAY_SIDE, findPainting, onChange, shares, state, titleOf, update } from "./state";
import { say, sayError } from "./status";
import type { Job, JobRequest } from "./types";
import { t } from "./language";

const PREVIEW_SIDE = 640;
const DEVICE_SIDE = 512;
/** What a browser's memory holds of the network's layers. */
export const DEVICE_MOST = 1600;
/** Why a painting from an earlier visit is not painted after on the device. */
export const STORED = t`This one is in the studio, not on this device: add its file again to paint after it here`;

let turn = 0;
let holding = 0;
let timer = 0;
/** Whether what is shown is of earlier settings than the present ones. */
let isDue = false;
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
  isDue = true;
  window.clearTimeout(timer);
  if (!state.photo || state.mix.length === 0) return withdraw();
  timer = window.setTimeout(() => void preview(), 160);
}

function withdraw(): void {
  turn++;
  if (state.showing === "preview") update({ showing: "nothing" });
}

export async function preview(): Promise<void> {
  if (state.onDevice && state.device.status !== "ready") return withdraw();
  const mine = ++turn;
  update({ busy: t`Painting a preview`, job: null });
  try {
    await inLine(() => (state.onDevice ? onDevice(mine, DEVICE_SIDE) : byStudio(mine)));
    if (mine === turn) say(t`The preview is ready.`);
  } catch (error) {
    if (mine === turn) fail(error);
  } finally {
    if (mine === turn) update({ busy: "" });
  }
}

/** Say what went wrong. A picture of earlier settings is not shown beside the painting chosen since. */
function fail(error: unknown): void {
  sayError(error);
  if (isDue && state.showing !== "nothing") update({ showing: "nothing", job: null });
}

/** Show a preview of the present settings. */
function showPreview(image: ImageData): void {
  isDue = false;
  showPicture(image, "preview");
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
  for (const { key } of state.mix) await prepare(key);
  if (mine !== turn) return;
  const [width, height] = sized(side);
  const masks = styleMasks(width, height);
  const reply = await ask({
    kind: "paint",
    side,
    mixes: mixes(masks.length > 0),
    ...strokes(),
    masks,
    protect: protectedPart(width, height),
    keepColor: state.keepColor,
  });
  if (mine !== turn || !reply.image) return;
  // Told without another preview: `device` itself is what previews wait for.
  state.device.milliseconds = reply.milliseconds ?? null;
  showPreview(reply.image);
}

/** What the network needs of a painting, before it paints after it. */
async function prepare(key: string): Promise<void> {
  const own = findPainting(key);
  if (!own && state.device.styles.includes(key)) return;
  const { blob } = own ?? {};
  if (!blob) throw new Error(own ? STORED : t`${titleOf(key)} is not among the styles on this device.`);
  await keepPainting(key, async () => pixelsOf((await decode(blob, DISPLAY_SIDE)).canvas));
}

/** How much of the photograph's colours is kept: a film has all of them, or none. */
function keptColor(): number {
  return state.photo?.film ? Number(state.keepColor > 0.5) : state.keepColor;
}

/** Strength and size of strokes, as far as the network goes. */
function strokes(): { strength: number; strokeSize: number } {
  return { strength: Math.min(2, state.strength), strokeSize: Math.min(4, Math.max(0.25, state.strokeSize)) };
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
  const look = { masks, protect: protectedPart(width, height), keepColor: keptColor() };
  const reply = await ask({ kind: "finish", images, ...look });
  if (mine === turn && reply.image) showPreview(reply.image);
}

async function previewOf(photo: string, mix: Choice[], side: number, [width, height]: [number, number]): Promise<ImageData> {
  const styles = await Promise.all(mix.map(async ({ key, weight }) => ({ ...(await sourceOf(key)), weight })));
  // Colours are laid on here, so that their slider answers without another painting.
  const { strength, strokeSize } = strokes();
  const at = state.photo?.id === photo ? state.photo.film?.at : undefined;
  const body = { photo, styles, strength, stroke_size: strokeSize, keep_color: 0, side, ...(at === undefined ? {} : { at }) };
  const { canvas } = await decode(await (await patiently(() => post("api/v1/preview", body))).blob(), side);
  if (canvas.width === width && canvas.height === height) return pixelsOf(canvas);
  const exact = document.createElement("canvas");
  [exact.width, exact.height] = [width, height];
  exact.getContext("2d", { willReadFrequently: true })!.drawImage(canvas, 0, 0, width, height);
  return pixelsOf(exact);
}

/** How the photograph looks after one painting, with the settings as they are; null where that is not wanted any more. */
export async function glimpse(key: string, side: number, isWanted: () => boolean): Promise<ImageData | null> {
  const [width, height] = sized(side);
  const look = { masks: [], protect: protectedPart(width, height), keepColor: keptColor() };
  const mix = [{ key, weight: 1 }];
  const onThisDevice = async (): Promise<{ image?: ImageData }> => {
    if (!isWanted()) return {};
    await prepare(key);
    return ask({ kind: "paint", side, mixes: [mix], ...strokes(), ...look });
  };
  const byTheStudio = async () => ask({ kind: "finish", images: [await previewOf(await idOf(state.photo!, "photo"), mix, side, [width, height])], ...look });
  const { image } = await (state.onDevice ? inLine(onThisDevice) : byTheStudio());
  return isWanted() ? (image ?? null) : null;
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

/** Photograph, styles and masks by what the studio knows them by; they are sent where they have not been. */
async function storeSources(): Promise<Sources> {
  const photo = await idOf(state.photo!, "photo");
  const { styles: masks, inputs } = anyMasks() ? await storeMasks() : { styles: [], inputs: {} };
  const styles = await Promise.all(state.mix.map(({ key }) => sourceOf(key)));
  return { photo, styles, masks, inputs };
}

/** A style by its name, or by the picture that is sent where it has not been. */
async function sourceOf(key: string): Promise<{ name: string } | { picture: string }> {
  const painting = findPainting(key);
  return painting ? { picture: await idOf(painting, "painting") } : { name: key };
}

/** The settings as a request for any photograph: without masks, which are of the one on the easel. */
export async function sharedRequest(): Promise<Omit<JobRequest, "photo">> {
  const styles = await Promise.all(state.mix.map(({ key }) => sourceOf(key)));
  const { photo: _, ...request } = toRequest(state, { photo: "", styles, masks: [], inputs: {} });
  return request;
}

/** The same for the photograph on the easel, with its masks; null where it has none. */
export async function maskedRequest(): Promise<Omit<JobRequest, "photo"> | null> {
  if (!anyMasks()) return null;
  const { photo: _, ...request } = toRequest(state, await storeSources());
  return request;
}

/** "Paint it properly". */
export async function paintProperly(): Promise<void> {
  if (!state.photo || state.mix.length === 0) return;
  turn++;
  window.clearTimeout(timer);
  update({ busy: t`Submitting the painting` });
  try {
    const request = state.photo.film ? toFilmRequest(state, await storeSources(), state.photo, state.part) : toRequest(state, await storeSources());
    const key = crypto.randomUUID?.() ?? String(Math.random());
    const job = await postJson<Job>("api/v1/jobs", request, { headers: { "Idempotency-Key": key } });
    track(job);
    update({ showing: "job", job: job.id });
    isDue = false;
    say(t`Painting has started.`);
  } catch (error) {
    fail(error);
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
  update({ busy: t`Painting ${side} pixels on this device` });
  try {
    await inLine(() => onDevice(mine, side));
    if (mine === turn) say(t`The painting is ready.`);
  } catch (error) {
    if (mine === turn) fail(error);
  } finally {
    if (mine === turn) update({ busy: "" });
  }
}
