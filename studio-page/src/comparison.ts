/** Two to four results side by side, moved and enlarged as one, with the photograph over them as far as one likes. */

import { differences, MOST, pair, toggled } from "./compared";
import { append, fill, h, icon, iconButton } from "./dom";
import { paintTrack } from "./gallery";
import * as geometry from "./geometry";
import { percent, when } from "./format";
import { address } from "./http";
import { pictures } from "./jobs";
import { t } from "./language";
import { recall } from "./recall";
import { DISPLAY_SIDE, findPainting, findStyle, state, watch } from "./state";
import { say } from "./status";
import { thumbnail } from "./thumbnail";
import type { Job, JobSettings } from "./types";

const dialog = h("dialog", { class: "comparison", "aria-labelledby": "comparison-title" });
const panes = h("ul", { class: "panes" });
const others = h("ul", { class: "strip-list", "aria-label": t`Results to compare` });
const zoomValue = h("output", { class: "zoom-value", "aria-label": t`Size on the screen` });
const slider = h("input", { type: "range", id: "comparison-photo", min: "0", max: "100", step: "1", value: "0", oninput: () => cover() });

let ids: readonly string[] = [];
let look: geometry.Look = { zoom: 1, x: 0, y: 0 };
let drawn = "";

/** A result in the dialog. */
interface Pane {
  view: HTMLElement;
  sheet: HTMLElement;
  before: HTMLElement;
  size: geometry.Size;
}
let shown: Pane[] = [];
/** Words under a picture may take a line more, once their fonts are there. */
const sizes = new ResizeObserver(() => layOut());

const results = () => ids.flatMap((id) => state.jobs.get(id) ?? []).filter(({ result, deleted }) => result && !deleted);

/** Compare a result with the latest other one of the same photograph. */
export function compare(job: Job): void {
  ids = pair(job, pictures()).map(({ id }) => id);
  look = { zoom: 1, x: 0, y: 0 };
  slider.value = "0";
  drawn = "";
  dialog.showModal();
  draw();
}

function titleOf({ name, picture }: JobSettings["styles"][number]): string {
  if (name) return findStyle(name)?.title ?? name;
  return state.paintings.find(({ id }) => id === picture)?.name ?? findPainting(picture ?? "")?.name ?? t`a painting of your own`;
}

function draw(): void {
  if (!dialog.open) return;
  const jobs = results();
  const past = pictures().slice(0, 60);
  const now = JSON.stringify([jobs.map(({ id }) => id), past.map(({ id }) => id)]);
  if (now === drawn) return;
  drawn = now;
  const focused = dialog.contains(document.activeElement) ? document.activeElement?.getAttribute("aria-label") : null;
  const told = differences(jobs.map(({ request }) => request), titleOf);
  shown = [];
  sizes.disconnect();
  panes.dataset["count"] = String(jobs.length);
  fill(panes, jobs.map((job, index) => pane(job, told[index]!)));
  fill(others, past.map(choice));
  if (focused) dialog.querySelector<HTMLElement>(`[aria-label="${CSS.escape(focused)}"]`)?.focus();
  layOut();
  cover();
}

function pane(job: Job, told: string[]): HTMLElement {
  const { width, height, url } = job.result!;
  const picture = (kind: string, path: string) => h("img", { class: kind, src: address(path), alt: "", draggable: "false", decoding: "async" });
  const before = picture("before", `api/v1/pictures/${job.request.photo}/content?side=${DISPLAY_SIDE}`);
  // A photograph that has been deleted: nothing lies over the result.
  before.addEventListener("error", () => before.remove());
  const sheet = h("div", { class: "sheet" }, picture("after", `${url}?format=jpg&quality=95&parameters=false&download=false`), before);
  const view = h("div", { class: "pane-view", tabindex: "0", role: "group", "aria-label": t`${job.title}. Plus and minus zoom, arrow keys move, zero fits` }, sheet);
  const made = { view, sheet, before, size: { width, height } };
  shown.push(made);
  listen(made);
  sizes.observe(view);
  const words = told.length > 0 ? told : [when(job.created)];
  return h(
    "li",
    { class: "pane" },
    view,
    h(
      "div",
      { class: "pane-foot" },
      h("div", { class: "pane-words" }, h("cite", {}, job.title), h("span", { class: "quiet" }, words.join(" \u00b7 "))),
      h("button", { type: "button", class: "button is-quiet", "aria-label": t`Change something: ${job.title}`, onclick: () => void recall(job) }, icon("brush"), h("span", {}, t`Change something`)),
      iconButton("close", t`No longer compare ${job.title}`, () => choose(job)),
    ),
  );
}

function choice(job: Job): HTMLElement {
  const label = `${job.title}, ${when(job.created)}`;
  const pressed = ids.includes(job.id);
  const full = ids.length >= MOST && !pressed;
  return h(
    "li",
    {},
    h("button", { type: "button", class: "strip-picture", title: label, "aria-label": label, "aria-pressed": String(pressed), "aria-disabled": full ? "true" : undefined, onclick: () => choose(job) }, thumbnail(job)),
  );
}

function choose(job: Job): void {
  const now = toggled(ids, job.id);
  if (now === ids) return say(t`${MOST} results at most are compared.`);
  ids = now;
  draw();
}

const viewSize = ({ view }: Pane) => ({ width: view.clientWidth, height: view.clientHeight });

function layOut(): void {
  shown.forEach((each, index) => {
    const laid = geometry.layOut(viewSize(each), each.size, look);
    // All are moved as the first can be.
    if (index === 0) look = laid.look;
    const { width, height, left, top } = laid.place;
    Object.assign(each.sheet.style, { width: `${width}px`, height: `${height}px`, left: `${left}px`, top: `${top}px` });
    each.view.classList.toggle("is-zoomed", look.zoom > 1);
    if (index === 0) zoomValue.textContent = percent(width / each.size.width);
  });
  if (shown.length === 0) zoomValue.textContent = "";
}

/** Zoom around a point of one of the views, or around its middle. */
function zoom(factor: number, at?: { x: number; y: number }): void {
  const first = shown[0];
  if (!first) return;
  const view = viewSize(first);
  look = geometry.zoomed(view, first.size, look, factor, at ?? { x: view.width / 2, y: view.height / 2 });
  layOut();
}

function fit(): void {
  look = { zoom: 1, x: 0, y: 0 };
  layOut();
}

function move(x: number, y: number): void {
  look = { ...look, x: look.x + x, y: look.y + y };
  layOut();
}

/** How much of each, from the left, is the photograph. */
function cover(): void {
  const share = Number(slider.value) / 100;
  slider.setAttribute("aria-valuetext", t`${percent(share)} photograph, ${percent(1 - share)} painting`);
  paintTrack(slider);
  for (const { before } of shown) before.style.clipPath = `inset(0 ${100 - 100 * share}% 0 0)`;
}

function listen({ view }: Pane): void {
  const pointers = new Map<number, { x: number; y: number }>();
  const here = (event: PointerEvent | WheelEvent) => {
    const box = view.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  view.addEventListener("pointerdown", (event) => {
    if (event.button > 0) return;
    pointers.set(event.pointerId, here(event));
    if (look.zoom > 1 || pointers.size > 1) view.setPointerCapture(event.pointerId);
  });
  view.addEventListener("pointermove", (event) => {
    const [old, now] = [pointers.get(event.pointerId), here(event)];
    if (!old) return;
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      const span = (a: { x: number; y: number }) => Math.hypot(a.x - other.x, a.y - other.y) || 1;
      zoom(span(now) / span(old), { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 });
    } else if (look.zoom > 1) move(now.x - old.x, now.y - old.y);
    pointers.set(event.pointerId, now);
  });
  for (const end of ["pointerup", "pointercancel"] as const) view.addEventListener(end, (event) => pointers.delete(event.pointerId));
  view.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const pan = geometry.PAN[event.key];
    if (event.key === "+" || event.key === "=") zoom(geometry.STEP);
    else if (event.key === "-") zoom(1 / geometry.STEP);
    else if (event.key === "0") fit();
    else if (pan && look.zoom > 1) move(pan[0], pan[1]);
    else return;
    event.preventDefault();
  });
  const wheel = (event: WheelEvent) => {
    event.preventDefault();
    zoom(geometry.wheelFactor(event), here(event));
  };
  view.addEventListener("wheel", wheel, { passive: false });
}

export function comparison(): HTMLElement {
  append(
    dialog,
    h(
      "div",
      { class: "comparison-head" },
      h("h2", { id: "comparison-title" }, t`Side by side`),
      h("label", { class: "comparison-photo", for: "comparison-photo" }, h("span", {}, t`Photograph over them`), slider),
      h(
        "div",
        { class: "comparison-look", role: "group", "aria-label": t`How the picture is shown` },
        iconButton("minus", t`Smaller`, () => zoom(1 / geometry.STEP)),
        zoomValue,
        iconButton("plus", t`Larger`, () => zoom(geometry.STEP)),
        iconButton("fit", t`Fit to the window`, fit),
      ),
      iconButton("close", t`Close`, () => dialog.close()),
    ),
    panes,
    h("nav", { class: "comparison-others", "aria-label": t`Results to compare` }, others),
  );
  watch(["jobs", "styles", "paintings"], draw);
  return dialog;
}
