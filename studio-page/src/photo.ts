/** The photograph: dropped, pasted, taken, chosen, or fetched back from the studio. */

import { getBlob, getJson, postFile, postForm, Problem } from "./http";
import { WHOLE } from "./part";
import { ask } from "./pixels/desk";
import { DISPLAY_SIDE, state, update, type Chosen, type Painting, type Photo } from "./state";
import { detailedNotice, notice, say, sayError } from "./status";
import type { StoredPicture } from "./types";
import { distinct, filesOf, isMoving, namesOf, picturesOf, type Pictures } from "./dropped";
import { duration, megabytes, percent } from "./format";
import { fitted } from "./geometry";
import { fit } from "./pixels/planes";
import { t } from "./language";

const toBitmap = (blob: Blob) => createImageBitmap(blob, { imageOrientation: "from-image", premultiplyAlpha: "none" });

/** A decoded picture, upright, on a canvas whose long side is at most `side`. */
export async function decode(blob: Blob, side: number): Promise<{ canvas: HTMLCanvasElement; width: number; height: number }> {
  const bitmap = await toBitmap(blob);
  const { width, height } = bitmap;
  const canvas = draw(bitmap, side);
  bitmap.close();
  return { canvas, width, height };
}

function draw(bitmap: ImageBitmap, side: number): HTMLCanvasElement {
  const { width, height } = bitmap;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = Math.max(width, height) > side ? fit(width, height, side) : [width, height];
  const context = canvas.getContext("2d", { willReadFrequently: true })!;
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/** A picture that this browser can read, as the studio takes it: made smaller, or of another format, where it must be. */
export async function suited(blob: Blob, side: number): Promise<{ canvas: HTMLCanvasElement; blob: Blob; width: number; height: number }> {
  const bitmap = await toBitmap(blob);
  try {
    const canvas = draw(bitmap, side);
    const { limits, accepts } = state.capabilities ?? {};
    const fitting = limits ? fitted(bitmap.width, bitmap.height, limits.pixels) : 1;
    if (!limits || (fitting === 1 && blob.size <= limits.bytes && (!blob.type || accepts?.includes(blob.type)))) {
      return { canvas, blob, width: bitmap.width, height: bitmap.height };
    }
    for (let scale = fitting; scale > 0.05; scale *= 0.8) {
      const smaller = new OffscreenCanvas(Math.floor(bitmap.width * scale), Math.floor(bitmap.height * scale));
      const context = smaller.getContext("2d")!;
      context.imageSmoothingQuality = "high";
      context.drawImage(bitmap, 0, 0, smaller.width, smaller.height);
      const lossless = scale === 1 && blob.size <= limits.bytes;
      const made = await smaller.convertToBlob(lossless ? { type: "image/png" } : { type: "image/jpeg", quality: 0.95 });
      if (made.size <= limits.bytes) return { canvas, blob: made, width: smaller.width, height: smaller.height };
    }
    throw new Error(t`The picture cannot be made small enough for the studio.`);
  } finally {
    bitmap.close();
  }
}

export function pixelsOf(canvas: HTMLCanvasElement): ImageData {
  return canvas.getContext("2d", { willReadFrequently: true })!.getImageData(0, 0, canvas.width, canvas.height);
}

let latest = 0;

/** Put a file on the easel. `chosen`: which of several chosen together it is; without, those are put away. Answers whether it is there. */
export async function openPhoto(blob: Blob, name: string, chosen?: string): Promise<boolean> {
  const turn = ++latest;
  if (chosen === undefined) update({ many: [] });
  update({ busy: t`Opening the photograph` });
  try {
    const photo = await toPhoto(blob, name);
    if (turn !== latest) return false;
    await place({ ...photo, chosen });
    say(t`${photo.name} is open, ${photo.width} by ${photo.height} pixels.`);
    return true;
  } catch (error) {
    if (turn === latest) sayError(error);
    return false;
  } finally {
    if (turn === latest) update({ busy: "" });
  }
}

export async function toPhoto(blob: Blob, name: string): Promise<Photo> {
  const found = await suited(blob, DISPLAY_SIDE).catch(() => null);
  if (!found) return decodeByStudio(blob, name);
  if (found.blob !== blob) {
    const { width, height } = found;
    if (found.blob.type === "image/jpeg") notice(t`${name} is larger than the studio takes; it was made smaller, ${width} \u00d7 ${height} pixels.`);
  }
  return { ...found, name, id: null };
}

/** Refuse what the studio would refuse. */
function checkBytes(blob: Blob, name: string): void {
  const limit = state.capabilities?.limits.bytes;
  if (limit !== undefined && blob.size > limit) {
    throw new Error(t`${name} has ${megabytes(blob.size)}; the studio takes up to ${megabytes(limit)}.`);
  }
}

/** Formats this browser does not read, such as HEIC or TIFF, may still be read by the studio. */
async function decodeByStudio(blob: Blob, name: string): Promise<Photo> {
  if (state.onDevice || !state.online) throw new Error(t`${name} is not a picture this browser can read.`);
  checkBytes(blob, name);
  const stored = await uploadPicture(blob, name, "photo");
  return { ...(await fetchPhoto(stored)), blob };
}

async function fetchPhoto(stored: StoredPicture): Promise<Photo> {
  if (stored.film) return fetchFrame(stored, stored.film.still);
  const longest = Math.max(stored.width, stored.height);
  const path = longest > DISPLAY_SIDE ? `${stored.content}?side=${DISPLAY_SIDE}` : stored.content;
  const { canvas } = await decode(await getBlob(path), DISPLAY_SIDE);
  return { name: stored.name, width: stored.width, height: stored.height, canvas, blob: null, id: stored.id };
}

/** The frame of a film: by the studio, as browsers do not play every film. */
async function fetchFrame({ id, name, width, height, film }: StoredPicture, at: number): Promise<Photo> {
  const { canvas } = await decode(await getBlob(`api/v1/films/${id}/frame?at=${at}`), DISPLAY_SIDE);
  return { name, width, height, canvas, blob: null, id, film: { facts: film!, at } };
}

/** Send a film to the studio, and put one of its frames on the easel. */
export async function openFilm(file: File): Promise<void> {
  const { capabilities } = state;
  if (state.onDevice || !state.online) return sayError(new Error(t`Films are painted by the studio: turn the device off first.`));
  if (!capabilities?.films) return sayError(new Error(t`This studio does not read films.`));
  const limit = capabilities.limits.film_bytes;
  if (file.size > limit) return sayError(new Error(t`${file.name} has ${megabytes(file.size)}; the studio takes up to ${megabytes(limit)}.`));
  const turn = ++latest;
  update({ many: [], busy: t`Sending the film` });
  try {
    const told = (share: number) => {
      if (turn === latest) update({ busy: share < 1 ? t`Sending the film, ${percent(share)}` : t`Opening the film` });
    };
    const stored = await postFile<StoredPicture>(`api/v1/films?${new URLSearchParams({ name: file.name })}`, file, told);
    if (stored.notes.length > 0) detailedNotice(t`Read with remarks: ${file.name}`, stored.notes.join("; "));
    const photo = await fetchFrame(stored, stored.film!.still);
    if (turn !== latest) return;
    await place(photo);
    say(t`The film ${photo.name} is open, ${duration(photo.film!.facts.seconds)}, ${photo.width} by ${photo.height} pixels.`);
  } catch (error) {
    if (turn === latest) sayError(error);
  } finally {
    if (turn === latest) update({ busy: "" });
  }
}

/** Put another frame of the film on the easel. */
export async function showFrame(at: number): Promise<void> {
  const { photo } = state;
  if (!photo?.film || photo.id === null || photo.film.at === at) return;
  const turn = ++latest;
  try {
    const { id, name, width, height, film } = photo;
    const { canvas } = await decode(await getBlob(`api/v1/films/${id}/frame?at=${at}`), DISPLAY_SIDE);
    if (turn === latest && state.photo === photo) await place({ name, width, height, canvas, blob: null, id, film: { facts: film.facts, at } });
  } catch (error) {
    if (turn === latest) sayError(error);
  }
}

async function place(photo: Photo): Promise<void> {
  await ask({ kind: "photo", image: pixelsOf(photo.canvas) });
  const isSame = photo.film !== undefined && photo.id === state.photo?.id;
  update({ photo, showing: "nothing", job: null, ...(isSame ? {} : { part: WHOLE, partWrong: "" }) });
}

/** Bring back a photograph the studio has. Answers whether it is on the easel. */
export async function reopenPhoto(id: string, chosen?: string): Promise<boolean> {
  if (state.photo?.id === id) return true;
  const turn = ++latest;
  try {
    const photo = await fetchPhoto(await getJson<StoredPicture>(`api/v1/pictures/${id}`));
    if (turn !== latest) return false;
    await place({ ...photo, chosen });
    return true;
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return false;
    throw error;
  }
}

export async function uploadPicture(blob: Blob, name: string, role: StoredPicture["role"]): Promise<StoredPicture> {
  const form = new FormData();
  form.set("role", role);
  form.set("name", name);
  form.set("file", blob, name);
  const stored = await postForm<StoredPicture>("api/v1/pictures", form);
  if (role !== "mask" && stored.notes.length > 0) detailedNotice(t`Read with remarks: ${name}`, stored.notes.join("; "));
  return stored;
}

const uploads = new WeakMap<object, Promise<string>>();

/** The id the studio knows `thing` by; it is sent there first where it has not been. */
export function idOf(thing: Photo | Painting, role: "photo" | "painting"): Promise<string> {
  if (thing.id !== null) return Promise.resolve(thing.id);
  let upload = uploads.get(thing);
  if (!upload) {
    if (!thing.blob) return Promise.reject(new Error(t`${thing.name} is no longer in the studio.`));
    upload = uploadPicture(thing.blob, thing.name, role).then((stored) => (thing.id = stored.id));
    upload.catch(() => uploads.delete(thing));
    uploads.set(thing, upload);
  }
  return upload;
}

/** Pictures dropped on the page or pasted into it. */
export function listenForPictures(target: HTMLElement): void {
  let depth = 0;
  const mark = (inside: boolean) => target.classList.toggle("is-over", inside);
  window.addEventListener("dragenter", (event) => {
    if (event.dataTransfer?.types.includes("Files")) mark(++depth > 0);
  });
  window.addEventListener("dragleave", () => mark((depth = Math.max(0, depth - 1)) > 0));
  window.addEventListener("dragover", (event) => event.preventDefault());
  window.addEventListener("drop", (event) => {
    event.preventDefault();
    mark((depth = 0) > 0);
    if (event.dataTransfer) filesOf(event.dataTransfer).then((found) => takePictures(picturesOf(found), t`what was dropped`)).catch(sayError);
  });
  window.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length > 0) void takePictures(picturesOf(files.map((file) => ({ path: file.name, file }))), t`what was pasted`);
  });
}

/** As many are painted alike. */
const MOST = 500;

/** Pictures from one drop or choice: one goes on the easel, as does a film; several are to be painted alike, as the one on the easel is. */
export async function takePictures(dropped: Pictures, what: string): Promise<void> {
  const { files, doubles } = await distinct(dropped.files);
  const found = { ...dropped, files };
  const moving = (await Promise.all(found.files.map((file) => isMoving(file).catch(() => false)))).filter(Boolean).length;
  const isFilm = moving === 1 && found.files.length === 1 && found.films.length === 0;
  if (isFilm && !state.onDevice && state.online && state.capabilities?.films) await openFilm(found.files[0]!);
  else take(found, what, moving, doubles);
}

/** Which files of a drop are passed over, and why. */
function skipped({ films, others, hidden }: Pictures, doubles: readonly string[]): string[] {
  const said: string[] = [];
  if (others.length > 0) said.push(t`Skipped, not a picture or film: ${namesOf(others)}.`);
  if (hidden.length > 0) said.push(t`Skipped, hidden: ${namesOf(hidden)}.`);
  if (films.length > 0) said.push(t`Skipped, as films are opened alone: ${namesOf(films.map(({ name }) => name))}.`);
  if (doubles.length > 0) said.push(t`Skipped, the same picture as another: ${namesOf(doubles)}.`);
  return said;
}

/** `moving`: how many of the pictures have more frames than the first, which is taken. `doubles`: names of pictures left out because others are the same. */
function take(found: Pictures, what: string, moving: number, doubles: readonly string[]): void {
  const { files, films, folder } = found;
  if (films.length > 0 && files.length === 0) {
    const said = skipped({ ...found, films: films.slice(1) }, doubles);
    if (films.length > 1) said.unshift(t`One film at a time: ${films[0]!.name} is opened.`);
    if (said.length > 0) notice(said.join(" "));
    void openFilm(films[0]!);
    return;
  }
  const said = skipped(found, doubles);
  if (files.length === 0) return sayError(new Error([t`There is no picture in ${what}.`, ...said].join(" ")));
  if (moving > 0) said.push(t`Only the first frame of ${moving} moving pictures is taken.`);
  const first = files[0]!;
  if (files.length === 1 || state.onDevice || !state.online) {
    if (files.length > 1) said.unshift(t`Without the studio it is one photograph at a time: ${first.name} is on the easel; left out: ${files.length - 1}.`);
    void openPhoto(first, first.name || "photograph.png").then((isOpen) => isOpen && said.length > 0 && notice(said.join(" ")));
    return;
  }
  const set = crypto.randomUUID?.() ?? Math.random();
  const many = files.slice(0, MOST).map((blob, index) => ({ key: `${set} ${String(index).padStart(4, "0")}`, name: blob.name, blob }));
  said.unshift(t`${many.length} photographs are here, to be painted alike.`);
  if (files.length > MOST) said.push(t`Left out: ${files.length - MOST}; at most ${MOST} are taken at a time.`);
  update({ many, folder });
  void openFirst(many).then(() => notice(said.join(" ")));
}

/** Put the first on the easel that is a picture after all. */
async function openFirst(many: readonly Chosen[]): Promise<void> {
  for (const { blob, name, key } of many) {
    if (state.many !== many || (await openPhoto(blob, name, key))) return;
  }
}
