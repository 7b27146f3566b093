/** Masks: where each painting goes, and what stays as photographed. */

import { shareOut, type Mask } from "./pixels/layers";
import { fit } from "./pixels/planes";
import { onChange, state, titleOf, update, type Photo } from "./state";
import { uploadPicture } from "./photo";
import { dabs, type Point } from "./strokes";
import { timeline } from "./undo";
import { t } from "./language";

export const PROTECT = "protect";
const SIDE = 1024;
const TINTS = ["#3d5afe", "#d9512c", "#c89a12", "#1d8a6b", "#a23b7c", "#5b7f95", "#7a5c2e", "#4c8c2b"];

/** White where it counts, transparent elsewhere. */
interface Layer {
  canvas: HTMLCanvasElement;
  version: number;
  /** As it was before the stroke under way. */
  before: ImageData | null;
}

const layers = new Map<string, Layer>();
let photo: Photo | null = null;

onChange(["photo"], () => {
  if (photo !== state.photo) forgetMasks();
  photo = state.photo;
});

export function forgetMasks(): void {
  layers.clear();
  timeline.clear();
  update({ masksChanged: state.masksChanged + 1, brushing: false });
}

export function maskSize(): [number, number] {
  const canvas = state.photo?.canvas;
  return canvas ? fit(canvas.width, canvas.height, SIDE) : [SIDE, SIDE];
}

/** The masks of a painting besides those of its styles, by their names in requests. Previews know `PROTECT` only. */
export const INPUTS = [{ key: PROTECT, title: t`Keep the photograph`, tint: "#8a8f8c" }] as const;

/** The ids of those masks in the studio. */
export type InputMasks = Partial<Record<(typeof INPUTS)[number]["key"], string>>;

/** What can be painted on: masks of the whole painting, and each painting in the mix. */
export function maskTargets(): { key: string; title: string; tint: string }[] {
  const styles = state.mix.map(({ key }, index) => ({ key, title: titleOf(key), tint: TINTS[index % TINTS.length]! }));
  return [...INPUTS, ...styles];
}

function layer(key: string): Layer {
  let found = layers.get(key);
  if (!found) {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = maskSize();
    found = { canvas, version: 0, before: null };
    layers.set(key, found);
  }
  return found;
}

const contextOf = (canvas: HTMLCanvasElement) => canvas.getContext("2d", { willReadFrequently: true })!;

function changed(target: Layer): void {
  target.version += 1;
  update({ masksChanged: state.masksChanged + 1 });
}

const readLayer = ({ canvas }: Layer) => contextOf(canvas).getImageData(0, 0, canvas.width, canvas.height);

/** Remember the mask as it is, so that what follows can be undone. */
export function beginStroke(key: string): void {
  const target = layer(key);
  target.before = readLayer(target);
}

/** From one point to another, in mask pixels; `radius` includes the soft edge. */
export function stroke(key: string, from: Point, to: Point, radius: number, erase: boolean): void {
  const context = contextOf(layer(key).canvas);
  context.save();
  context.globalCompositeOperation = erase ? "destination-out" : "source-over";
  for (const [x, y] of dabs(from, to, radius)) {
    const dab = context.createRadialGradient(x, y, radius * 0.72, x, y, radius);
    dab.addColorStop(0, "rgba(255,255,255,1)");
    dab.addColorStop(1, "rgba(255,255,255,0)");
    context.fillStyle = dab;
    context.fillRect(x - radius, y - radius, 2 * radius, 2 * radius);
  }
  context.restore();
}

export function endStroke(key: string): void {
  const target = layer(key);
  const { before } = target;
  target.before = null;
  if (before) {
    let after = before;
    const put = (image: ImageData) => {
      contextOf(target.canvas).putImageData(image, 0, 0);
      changed(target);
    };
    timeline.add({
      undo: () => {
        after = readLayer(target);
        put(before);
      },
      redo: () => put(after),
    });
  }
  changed(target);
}

export function clearMask(key: string): void {
  beginStroke(key);
  const { canvas } = layer(key);
  contextOf(canvas).clearRect(0, 0, canvas.width, canvas.height);
  endStroke(key);
}

export function invertMask(key: string): void {
  beginStroke(key);
  const { canvas } = layer(key);
  const context = contextOf(canvas);
  context.save();
  context.globalCompositeOperation = "xor";
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.restore();
  endStroke(key);
}

/** Draw all masks over the picture, each in its tint; the one being painted on strongest. */
export function drawMasks(canvas: HTMLCanvasElement, active: string): void {
  const [width, height] = maskSize();
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d")!;
  context.clearRect(0, 0, width, height);
  const scratch = new OffscreenCanvas(width, height);
  const tinted = scratch.getContext("2d")!;
  for (const { key, tint } of maskTargets()) {
    const found = layers.get(key);
    if (!found) continue;
    tinted.globalCompositeOperation = "copy";
    tinted.drawImage(found.canvas, 0, 0);
    tinted.globalCompositeOperation = "source-in";
    tinted.fillStyle = tint;
    tinted.fillRect(0, 0, width, height);
    context.globalAlpha = key === active ? 0.72 : 0.38;
    context.drawImage(scratch, 0, 0);
  }
  context.globalAlpha = 1;
}

function read(key: string, width: number, height: number): Mask {
  const found = layers.get(key);
  const mask = new Uint8ClampedArray(width * height);
  if (!found) return mask;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d")!;
  context.imageSmoothingQuality = "high";
  context.drawImage(found.canvas, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  for (let i = 0; i < mask.length; i++) mask[i] = data[4 * i + 3]!;
  return mask;
}

function hasPaint(key: string): boolean {
  const found = layers.get(key);
  return found !== undefined && found.version > 0 && read(key, 64, 64).some((value) => value > 8);
}

export function protectedPart(width: number, height: number): Mask | null {
  return hasPaint(PROTECT) ? read(PROTECT, width, height) : null;
}

export function anyMasks(): boolean {
  return INPUTS.some(({ key }) => hasPaint(key)) || anyStyleMasks();
}

/** Whether masks say where each painting goes: their weights do not count then. */
export function anyStyleMasks(): boolean {
  return state.mix.some(({ key }) => hasPaint(key));
}

/** One mask for each painting in the mix, or none at all. What is painted nowhere has the rest. */
export function styleMasks(width: number, height: number): Mask[] {
  return shareOut(state.mix.map(({ key }) => (hasPaint(key) ? read(key, width, height) : null)));
}

async function png(mask: Mask, width: number, height: number): Promise<Blob> {
  const image = new ImageData(width, height);
  mask.forEach((value, i) => image.data.set([value, value, value, 255], 4 * i));
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d")!.putImageData(image, 0, 0);
  return canvas.convertToBlob({ type: "image/png" });
}

/** All masks that were painted, as grey pictures. */
export async function masksAsPictures(): Promise<{ key: string; blob: Blob }[]> {
  const [width, height] = maskSize();
  const painted = [...INPUTS, ...state.mix].map(({ key }) => key).filter(hasPaint);
  return Promise.all(painted.map(async (key) => ({ key, blob: await png(read(key, width, height), width, height) })));
}

let stored: { about: string; styles: (string | null)[]; inputs: InputMasks } | null = null;

/** The masks' ids in the studio, sent there where they have changed. */
export async function storeMasks(): Promise<{ styles: (string | null)[]; inputs: InputMasks }> {
  const about = [state.masksChanged, ...state.mix.map(({ key }) => key)].join(" ");
  if (stored?.about === about) return stored;
  const [width, height] = maskSize();
  const put = async (mask: Mask) => (await uploadPicture(await png(mask, width, height), "mask.png", "mask")).id;
  const inputs: InputMasks = {};
  for (const { key } of INPUTS) if (hasPaint(key)) inputs[key] = await put(read(key, width, height));
  const masks = styleMasks(width, height);
  const styles: (string | null)[] = [];
  for (let index = 0; index < state.mix.length; index++) {
    const mask = masks[index];
    styles.push(mask ? await put(mask) : null);
  }
  stored = { about, styles, inputs };
  return stored;
}

/** Lay a mask that came back from the studio, a grey picture, on its layer. */
export async function restoreMask(key: string, blob: Blob): Promise<void> {
  const bitmap = await createImageBitmap(blob);
  const { canvas } = layer(key);
  const context = contextOf(canvas);
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  const image = context.getImageData(0, 0, canvas.width, canvas.height);
  for (let i = 0; i < image.data.length; i += 4) {
    const grey = image.data[i]!;
    image.data.set([255, 255, 255, grey], i);
  }
  context.putImageData(image, 0, 0);
  bitmap.close();
  changed(layer(key));
}
