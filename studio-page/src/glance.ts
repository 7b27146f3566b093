/** One's photograph after every painting at a glance: a wall of small previews, one after another, to choose from. */

import { fill, h, icon, iconButton } from "./dom";
import { hung, setMix, unusable } from "./gallery";
import { Unreachable } from "./http";
import { t } from "./language";
import { glimpse } from "./painting";
import { state, update, watch } from "./state";
import { say, sayError } from "./status";

const SIDE = 320;
/** Previews that the studio is asked for at once; the device paints one at a time. */
const AT_ONCE = 2;

interface Tile {
  key: string;
  element: HTMLElement;
  canvas: HTMLCanvasElement;
  reason: HTMLElement;
}

/** What has been painted with the settings in `about`. */
const made = { about: "", images: new Map<string, ImageData>() };
let tiles: Tile[] = [];
let turn = 0;
let isPainting = false;

const list = h("ul", { class: "glance-list", "aria-label": t`Paintings`, onkeydown: (event: KeyboardEvent) => walk(event) });
const progress = h("p", { class: "quiet" });
const pause = h("button", { type: "button", class: "button is-quiet", onclick: () => (isPainting ? stop() : void paint()) });
const dialog = h(
  "dialog",
  { class: "glance", "aria-labelledby": "glance-title" },
  h(
    "div",
    { class: "glance-head" },
    h("h2", { id: "glance-title" }, t`Your photograph after every painting`),
    h("div", { class: "row" }, progress, pause),
    iconButton("close", t`Close`, () => dialog.close()),
  ),
  list,
);

/** The button that opens the wall, and the wall itself. */
export function glance(): HTMLElement[] {
  const button = h("button", { type: "button", class: "button is-quiet glance-open", onclick: open }, icon("grid"), h("span", {}, t`Try them all`));
  watch(["photo", "styles", "online", "onDevice", "device"], () => {
    button.disabled = !state.photo || state.styles.length === 0 || (state.onDevice ? state.device.status !== "ready" : !state.online);
  });
  watch(["photo"], () => dialog.close());
  dialog.addEventListener("close", stop);
  return [button, dialog];
}

/** Everything that a preview depends on, besides its painting. */
function settings(): string {
  const { photo, strength, strokeSize, keepColor, onDevice, masksChanged } = state;
  return [photo && idOfPhoto(photo), strength, strokeSize, keepColor, onDevice, masksChanged].join(" ");
}

const photos = new WeakMap<object, number>();
let count = 0;

/** A number for each photograph that was on the easel: one that is sent to the studio stays the same. */
function idOfPhoto(photo: object): number {
  if (!photos.has(photo)) photos.set(photo, ++count);
  return photos.get(photo)!;
}

function open(): void {
  const about = settings();
  if (made.about !== about) Object.assign(made, { about, images: new Map<string, ImageData>() });
  tiles = hung().map(({ key, title, about: who }) => tile(key, title, who));
  fill(list, tiles.map(({ element }) => element));
  dialog.showModal();
  const chosen = tiles.find(({ key }) => state.mix.some((choice) => choice.key === key)) ?? tiles[0];
  chosen?.element.querySelector("button")?.focus();
  void paint();
}

function tile(key: string, title: string, about: string): Tile {
  const canvas = h("canvas", { class: "is-waiting", "aria-hidden": "true" });
  const reason = h("span", { class: "is-wrong" });
  const missing = unusable(key);
  const image = made.images.get(key);
  if (image) put(canvas, image);
  else placeholder(canvas);
  const button = h(
    "button",
    {
      type: "button",
      class: "tile",
      "data-glance": key,
      title: missing || [title, about].filter(Boolean).join("\n"),
      "aria-label": [title, about].filter(Boolean).join(", "),
      "aria-current": state.mix.some((choice) => choice.key === key) ? "true" : undefined,
      "aria-disabled": missing ? "true" : undefined,
      onclick: () => (missing ? say(missing) : choose(key)),
    },
    h("span", { class: "tile-picture" }, canvas),
    h("span", { class: "tile-title" }, title),
  );
  return { key, canvas, reason, element: h("li", {}, button, reason) };
}

function placeholder(canvas: HTMLCanvasElement): void {
  const { canvas: photo } = state.photo!;
  const scale = Math.min(1, 160 / Math.max(photo.width, photo.height));
  [canvas.width, canvas.height] = [Math.max(1, Math.round(photo.width * scale)), Math.max(1, Math.round(photo.height * scale))];
  canvas.getContext("2d")!.drawImage(photo, 0, 0, canvas.width, canvas.height);
}

function put(canvas: HTMLCanvasElement, image: ImageData): void {
  [canvas.width, canvas.height] = [image.width, image.height];
  canvas.getContext("2d")!.putImageData(image, 0, 0);
  canvas.classList.remove("is-waiting");
}

function choose(key: string): void {
  const alone = [{ key, weight: 1 }];
  const others = state.mixing ? state.mix.filter((choice) => choice.key !== key) : [];
  dialog.close();
  setMix([...others, ...alone]);
  update({ job: null });
}

/** Paint what is not painted yet, in the order of the gallery. */
async function paint(): Promise<void> {
  const mine = ++turn;
  const left = tiles.filter(({ key }) => !unusable(key) && !made.images.has(key));
  isPainting = left.length > 0;
  tell();
  const next = async (): Promise<void> => {
    for (let one = left.shift(); one; one = left.shift()) {
      if (mine !== turn) return;
      await paintOne(one, () => mine === turn);
    }
  };
  await Promise.all(Array.from({ length: state.onDevice ? 1 : AT_ONCE }, next));
  if (mine !== turn) return;
  isPainting = false;
  tell();
  if (dialog.open) say(t`The previews are ready.`);
}

async function paintOne({ key, canvas, reason }: Tile, isWanted: () => boolean): Promise<void> {
  reason.textContent = "";
  const { images } = made;
  try {
    const image = await glimpse(key, SIDE, isWanted);
    if (!image) return;
    images.set(key, image);
    put(canvas, image);
  } catch (error) {
    if (!isWanted()) return;
    reason.textContent = error instanceof Error ? error.message : String(error);
    if (error instanceof Unreachable) {
      stop();
      sayError(error);
    }
  }
  if (isWanted()) tell();
}

function stop(): void {
  turn++;
  isPainting = false;
  tell();
}

function tell(): void {
  const able = tiles.filter(({ key }) => !unusable(key));
  const done = able.filter(({ key }) => made.images.has(key)).length;
  progress.textContent = t`${done} of ${able.length} painted`;
  pause.textContent = isPainting ? t`Pause` : t`Go on`;
  // A button that had the keyboard would lose it.
  const held = document.activeElement === pause;
  pause.hidden = done === able.length;
  if (held && pause.hidden) list.querySelector("button")?.focus();
}

/** Arrow keys go from tile to tile, along the rows as they are laid out. */
function walk(event: KeyboardEvent): void {
  const buttons = [...list.querySelectorAll("button")];
  const here = buttons.indexOf(document.activeElement as HTMLButtonElement);
  if (here < 0) return;
  const columns = Math.max(1, buttons.filter(({ offsetTop }) => offsetTop === buttons[0]!.offsetTop).length);
  const onward = document.documentElement.dir === "rtl" ? -1 : 1;
  const steps: Record<string, number> = {
    ArrowLeft: -onward,
    ArrowRight: onward,
    ArrowUp: -columns,
    ArrowDown: columns,
    Home: -here,
    End: buttons.length - 1 - here,
  };
  const step = steps[event.key];
  if (step === undefined) return;
  event.preventDefault();
  buttons[here + step]?.focus();
}
