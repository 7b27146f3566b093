/** The easel: the picture at the largest size, before and after, zoom, and the brush. */

import { h, icon, iconButton } from "./dom";
import { Brush } from "./brush";
import * as geometry from "./geometry";
import { percent } from "./format";
import { onChange, state, update, watch } from "./state";
import { t } from "./language";

const after = h("canvas", { class: "after", "aria-hidden": "true" });
const before = h("canvas", { class: "before", "aria-hidden": "true" });
const overlay = h("canvas", { class: "overlay", "aria-hidden": "true" });
const handle = h("div", {
  class: "divider",
  role: "slider",
  tabindex: "0",
  "aria-label": t`Before and after`,
  "aria-orientation": "horizontal",
  "aria-valuemin": "0",
  "aria-valuemax": "100",
}, h("span", { class: "grip" }, icon("sides")));
const sheet = h("div", { class: "sheet" }, after, before, overlay, handle);
const veil = h("div", { class: "veil", "aria-hidden": "true" });
export const view = h("div", { class: "view", tabindex: "0", role: "group", "aria-label": t`Picture` }, sheet, veil);
const zoomValue = h("output", { class: "zoom-value", "aria-label": t`Size on the screen` });

let look: geometry.Look = { zoom: 1, x: 0, y: 0 };
const shown = { divide: 0, revealed: null as unknown, drawn: false };
const brush = new Brush(overlay, view);

/** Show a picture beside the photograph. */
export function show(picture: ImageData | ImageBitmap, kind: "preview" | "job"): void {
  [after.width, after.height] = [picture.width, picture.height];
  const context = after.getContext("2d")!;
  if (picture instanceof ImageData) context.putImageData(picture, 0, 0);
  else context.drawImage(picture, 0, 0);
  shown.drawn = true;
  update({ showing: kind });
  arrange();
  if (shown.revealed !== state.photo) {
    shown.revealed = state.photo;
    reveal();
  }
}

/** What is shown of the painting, as a file. */
export function shownPicture(type: string): Promise<Blob> {
  return new Promise((resolve, reject) => {
    after.toBlob((blob) => (blob ? resolve(blob) : reject(new Error(t`The picture could not be kept.`))), type, 0.95);
  });
}

export function shownSize(): [number, number] {
  return [after.width, after.height];
}

/** The first painting is drawn over the photograph from left to right. */
function reveal(): void {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return divide(0);
  const began = performance.now();
  const frame = (now: number) => {
    const share = Math.min(1, (now - began) / 900);
    divide((1 - share) ** 3);
    if (share < 1 && shown.revealed === state.photo) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}

/** `share`: how much of the width, from the left, is the photograph. */
function divide(share: number): void {
  shown.divide = Math.min(1, Math.max(0, share));
  const value = Math.round(shown.divide * 100);
  before.style.clipPath = `inset(0 ${100 - shown.divide * 100}% 0 0)`;
  handle.style.left = `${shown.divide * 100}%`;
  handle.setAttribute("aria-valuenow", String(value));
  handle.setAttribute("aria-valuetext", t`${percent(shown.divide)} photograph, ${percent(1 - shown.divide)} painting`);
}

const viewSize = () => ({ width: view.clientWidth, height: view.clientHeight });
const pictureSize = () => state.photo?.canvas ?? { width: 4, height: 3 };
const fitted = () => geometry.layOut(viewSize(), pictureSize(), look).place;

function layOut(): void {
  const laid = geometry.layOut(viewSize(), pictureSize(), look);
  look = laid.look;
  const { width, height, left, top } = laid.place;
  Object.assign(sheet.style, { width: `${width}px`, height: `${height}px`, left: `${left}px`, top: `${top}px` });
  const of = shown.drawn ? after.width : (state.photo?.width ?? 1);
  zoomValue.textContent = state.photo ? percent(width / of) : "";
  view.classList.toggle("is-zoomed", look.zoom > 1);
}

/** Zoom by `factor` around a point of the view, or its middle. */
function zoom(factor: number, at?: { x: number; y: number }): void {
  const point = at ?? { x: view.clientWidth / 2, y: view.clientHeight / 2 };
  look = geometry.zoomed(viewSize(), pictureSize(), look, factor, point);
  layOut();
}

function zoomToFit(): void {
  look = { zoom: 1, x: 0, y: 0 };
  layOut();
}

const pointers = new Map<number, { x: number; y: number }>();
let dragging: "divider" | "pan" | "brush" | null = null;

function here(event: PointerEvent | WheelEvent): { x: number; y: number } {
  const box = view.getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
}

function onSheet(point: { x: number; y: number }): [number, number] {
  const { left, top, width, height } = fitted();
  return [(point.x - left) / width, (point.y - top) / height];
}

function down(event: PointerEvent): void {
  if (!state.photo || event.button > 0) return;
  pointers.set(event.pointerId, here(event));
  if (pointers.size === 2) {
    if (dragging === "brush") brush.stop();
    dragging = null;
  } else if (state.brushing) {
    dragging = "brush";
    brush.start(onSheet(here(event)));
  } else if (shown.drawn && (event.target as Element).closest(".divider")) {
    dragging = "divider";
    handle.focus();
  } else {
    dragging = look.zoom > 1 ? "pan" : event.pointerType === "mouse" && shown.drawn ? "divider" : null;
  }
  if (dragging || pointers.size === 2) {
    view.setPointerCapture(event.pointerId);
    if (dragging === "divider") divide(onSheet(here(event))[0]);
  }
}

function move(event: PointerEvent): void {
  if (state.brushing) brush.hover(onSheet(here(event)), fitted().width);
  const old = pointers.get(event.pointerId);
  if (!old) return;
  const now = here(event);
  if (pointers.size === 2) pinch(event.pointerId, old, now);
  else if (dragging === "divider") divide(onSheet(now)[0]);
  else if (dragging === "brush") brush.move(onSheet(now));
  else if (dragging === "pan") {
    look.x += now.x - old.x;
    look.y += now.y - old.y;
    layOut();
  }
  pointers.set(event.pointerId, now);
}

function pinch(id: number, old: { x: number; y: number }, now: { x: number; y: number }): void {
  const other = [...pointers].find(([key]) => key !== id)?.[1];
  if (!other) return;
  const span = (a: { x: number; y: number }) => Math.hypot(a.x - other.x, a.y - other.y) || 1;
  zoom(span(now) / span(old), { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 });
}

function up(event: PointerEvent): void {
  pointers.delete(event.pointerId);
  if (dragging === "brush") brush.stop();
  if (pointers.size === 0) dragging = null;
}

function keyOnView(event: KeyboardEvent): void {
  if (event.target !== view || event.ctrlKey || event.metaKey || event.altKey) return;
  if (state.brushing && brush.key(event, fitted().width)) return event.preventDefault();
  const pan = geometry.PAN[event.key];
  if (event.key === "+" || event.key === "=") zoom(geometry.STEP);
  else if (event.key === "-") zoom(1 / geometry.STEP);
  else if (event.key === "0") zoomToFit();
  else if (pan && look.zoom > 1) {
    look.x += pan[0];
    look.y += pan[1];
    layOut();
  } else return;
  event.preventDefault();
}

function keyOnDivider(event: KeyboardEvent): void {
  const steps: Record<string, number> = { ArrowLeft: -0.02, ArrowDown: -0.02, ArrowRight: 0.02, ArrowUp: 0.02, PageUp: 0.2, PageDown: -0.2 };
  const step = steps[event.key];
  if (step !== undefined) divide(shown.divide + step);
  else if (event.key === "Home") divide(0);
  else if (event.key === "End") divide(1);
  else return;
  event.preventDefault();
}

/** The buttons under the picture that change how it is looked at. */
export function lookControls(): HTMLElement {
  return h(
    "div",
    { class: "look", role: "group", "aria-label": t`How the picture is shown` },
    iconButton("minus", t`Smaller`, () => zoom(1 / geometry.STEP)),
    zoomValue,
    iconButton("plus", t`Larger`, () => zoom(geometry.STEP)),
    iconButton("fit", t`Fit to the window`, zoomToFit),
    iconButton("compare", t`Photograph or painting`, () => divide(shown.divide < 0.5 ? 1 : 0), { class: "icon-button needs-painting" }),
  );
}

export function startEasel(): void {
  view.addEventListener("pointerdown", down);
  view.addEventListener("pointermove", move);
  view.addEventListener("pointerup", up);
  view.addEventListener("pointercancel", up);
  view.addEventListener("pointerleave", () => brush.hover(null, 1));
  view.addEventListener("keydown", keyOnView);
  handle.addEventListener("keydown", keyOnDivider);
  view.addEventListener(
    "wheel",
    (event) => {
      if (!state.photo) return;
      event.preventDefault();
      zoom(geometry.wheelFactor(event), here(event));
    },
    { passive: false },
  );
  new ResizeObserver(layOut).observe(view);
  onChange(["photo"], () => {
    const { photo } = state;
    if (photo) {
      document.body.style.setProperty("--ratio", String(photo.canvas.width / photo.canvas.height));
      [before.width, before.height] = [photo.canvas.width, photo.canvas.height];
      before.getContext("2d")!.drawImage(photo.canvas, 0, 0);
    }
    zoomToFit();
  });
  onChange(["photo"], () => {
    shown.drawn = false;
  });
  watch(["photo", "showing", "brushing", "busy", "mix"], arrange);
}

/** Photograph and painting beside each other, once there is a painting: a job that has just begun has none. */
function arrange(): void {
  if (state.showing === "nothing") shown.drawn = false;
  const compared = shown.drawn;
  before.style.visibility = "visible";
  if (!compared) before.style.clipPath = "none";
  else if (state.brushing) before.style.clipPath = "inset(0 100% 0 0)";
  else divide(shown.divide);
  handle.hidden = !compared || state.brushing;
  after.hidden = !compared;
  view.classList.toggle("is-empty", !state.photo);
  view.classList.toggle("is-brushing", state.brushing);
  view.classList.toggle("is-busy", state.busy !== "");
  view.setAttribute("aria-label", describe());
  layOut();
}

function describe(): string {
  if (!state.photo) return t`Picture: no photograph yet`;
  if (state.brushing) return t`Picture, with the brush: arrow keys move it, space paints, shift with an arrow draws`;
  return shown.drawn ? t`Picture: the painting ${state.photo.name}. Plus and minus zoom, zero fits` : t`Picture: the photograph ${state.photo.name}. Plus and minus zoom, zero fits`;
}
