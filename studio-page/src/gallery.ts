/** The paintings to choose from, and the mix of those chosen. */

import { append, fill, h, icon, iconButton } from "./dom";
import { address, getJson } from "./http";
import { anyStyleMasks } from "./masks";
import { chosen, toggled, type Choice } from "./mix";
import { firstOf, matches } from "./search";
import { findPainting, findStyle, lasting, shares, state, update, watch, type Painting } from "./state";
import { notice, say, sayError } from "./status";
import type { StoredPicture } from "./types";
import { percent, withoutSuffix } from "./format";
import { STORED } from "./painting";
import { isMoving, isSame, PICTURES } from "./dropped";
import { suited, uploadPicture } from "./photo";
import { teaching } from "./teach";
import { t } from "./language";

export function setMix(mix: Choice[]): void {
  const most = state.capabilities?.limits.styles ?? 8;
  if (mix.length > most) say(t`A mix has ${most} paintings at most.`);
  else update({ mix });
}

const isFavourite = (key: string) => state.favourites.includes(lasting(key));

function tile({ key, title, hyphenated, about, image, known }: Hung): HTMLElement {
  const usable = unusable(key);
  const initials = title.replace(/^(The|A|Der|Die|Das|Le|La|Les|El|Los|Las) |^L’/, "").charAt(0);
  const picture = image
    ? h("img", { src: image, alt: "", decoding: "async", draggable: "false" })
    : h("span", { class: "tile-initial", "data-initial": initials });
  return h(
    "li",
    { "data-words": [title, about, ...known].join(" ") },
    h(
      "button",
      {
        type: "button",
        class: isFavourite(key) ? "tile is-favourite" : "tile",
        "data-key": key,
        "aria-pressed": String(state.mix.some((choice) => choice.key === key)),
        "aria-label": [title, about].filter(Boolean).join(", "),
        "aria-disabled": usable ? "true" : undefined,
        title: usable || [title, about].filter(Boolean).join("\n"),
        onclick: (event: MouseEvent) => (usable ? say(usable) : setMix(chosen(state.mix, key, state.mixing || event.ctrlKey || event.metaKey || event.shiftKey))),
      },
      h("span", { class: "tile-picture" }, picture),
      h("span", { class: "tile-title" }, hyphenated),
    ),
  );
}

/** Why a painting cannot be chosen; empty where it can. */
export function unusable(key: string): string {
  return state.onDevice && findPainting(key)?.blob === null ? STORED : "";
}

/** What the dimmed ones are. */
function legend(): HTMLElement {
  const dimmed = h("p", { class: "hint" }, t`The dimmed ones are in the studio, not on this device: add their files again to paint after them here.`);
  watch(["paintings", "onDevice"], () => (dimmed.hidden = !state.paintings.some(({ key }) => unusable(key))));
  return dimmed;
}

async function addPainting(file: File): Promise<void> {
  try {
    const known = await hanging(file);
    const painting = known ?? (await toOwn(file, file.name));
    const isChosen = state.mix.some(({ key }) => key === painting.key);
    update({ paintings: known ? state.paintings : [painting, ...state.paintings], mix: isChosen ? state.mix : chosen(state.mix, painting.key, state.mixing) });
    if (await isMoving(file)) notice(t`${painting.name} moves; only its first frame is the style.`);
    else say(t`${painting.name} hangs among the paintings.`);
  } catch (error) {
    sayError(error);
  }
}

/** The painting that this file is already. */
async function hanging(file: File): Promise<Painting | undefined> {
  for (const painting of state.paintings) if (painting.blob && (await isSame(painting.blob, file))) return painting;
  return undefined;
}

async function toOwn(file: Blob, name: string): Promise<Painting> {
  const found = await suited(file, 384).catch(() => null);
  if (found) {
    const key = `own-${crypto.randomUUID?.() ?? Math.random()}`;
    return { key, name: withoutSuffix(name), blob: found.blob, id: null, image: found.canvas.toDataURL("image/jpeg", 0.85) };
  }
  // Formats this browser does not read, such as HEIC or TIFF, may still be read by the studio.
  if (state.onDevice || !state.online) throw new Error(t`${name} is not a picture this browser can read.`);
  return toPainting(await uploadPicture(file, name, "painting"));
}

/** The paintings sent on earlier visits. */
export async function readPaintings(): Promise<void> {
  const found = await getJson<{ pictures: StoredPicture[] }>("api/v1/pictures?role=painting&limit=24");
  const known = new Set(state.paintings.map(({ id }) => id));
  const paintings = found.pictures
    .filter(({ id }) => !known.has(id))
    .map(toPainting);
  if (paintings.length > 0) update({ paintings: [...state.paintings, ...paintings] });
}

/** The key of a painting the studio has; it is hung among the others where it is not. */
export async function addStored(id: string): Promise<string | null> {
  const known = state.paintings.find((painting) => painting.id === id);
  if (known) return known.key;
  const stored = await getJson<StoredPicture>(`api/v1/pictures/${id}`).catch(() => null);
  if (!stored) return null;
  update({ paintings: [toPainting(stored), ...state.paintings] });
  return stored.id;
}

function toPainting(picture: StoredPicture): Painting {
  const image = address(`${picture.content}?side=384`);
  return { key: picture.id, name: withoutSuffix(picture.name), blob: null, id: picture.id, image, learnt: picture.style };
}

/** A painting as it hangs in the gallery. `hyphenated`: its title with soft hyphens. `known`: other words that it is found by. */
export interface Hung {
  key: string;
  title: string;
  hyphenated: string;
  about: string;
  image: string | null;
  known: readonly string[];
}

/** All paintings, in the order of the gallery: favourites, one's own, those that the studio offers. */
export function hung(): Hung[] {
  const own = state.paintings.map(({ key, name, image }) => {
    // On the device the studio is not asked for anything of one's own.
    const shown = state.onDevice && !image.startsWith("data:") ? null : image;
    return { key, title: name, hyphenated: name, about: t`your own`, image: shown, known: [] };
  });
  const offered = state.styles.map(({ name, title, hyphenated, artist, year, thumbnail, english }) => {
    const image = thumbnail === null ? null : address(thumbnail);
    return { key: name, title, hyphenated, about: [artist, year].filter(Boolean).join(", "), image, known: [english.title, english.artist] };
  });
  return firstOf([...own, ...offered], ({ key }) => isFavourite(key));
}

export function gallery(more: readonly HTMLElement[]): HTMLElement {
  const list = h("ul", { class: "tiles", "aria-label": t`Paintings` });
  const input = h("input", {
    type: "file",
    accept: PICTURES,
    class: "visually-hidden",
    tabindex: "-1",
    "aria-label": t`A painting of your own`,
    onchange: () => {
      for (const file of input.files ?? []) void addPainting(file);
      input.value = "";
    },
  });
  const add = h(
    "li",
    {},
    h(
      "button",
      { type: "button", class: "tile tile-add", onclick: () => input.click() },
      h("span", { class: "tile-picture" }, icon("plus")),
      h("span", { class: "tile-title" }, t`Your own`),
    ),
  );
  const hint = h("p", { class: "hint" });
  const none = h("p", { class: "hint", role: "status" });
  const search = h("input", { type: "search", class: "search", "aria-label": t`Search the paintings`, placeholder: t`Title, artist, year`, oninput: () => find() });
  const find = () => {
    let found = 0;
    for (const item of list.querySelectorAll<HTMLElement>("[data-words]")) {
      item.hidden = !matches(search.value, [item.dataset["words"] ?? ""]);
      if (!item.hidden) found++;
    }
    none.textContent = found === 0 && search.value ? t`No painting here has that in its title, artist or year.` : "";
    none.hidden = none.textContent === "";
  };
  watch(["styles", "paintings", "onDevice", "favourites"], () => {
    const focused = (document.activeElement as HTMLElement | null)?.dataset["key"];
    fill(list, add);
    for (const one of hung()) append(list, tile(one));
    find();
    if (focused) list.querySelector<HTMLElement>(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  });
  watch(["mix"], () => {
    for (const button of list.querySelectorAll<HTMLElement>("[data-key]")) {
      button.setAttribute("aria-pressed", String(state.mix.some((choice) => choice.key === button.dataset["key"])));
    }
    const last = state.mix.at(-1)?.key;
    if (last !== undefined) reveal(list, list.querySelector<HTMLElement>(`[data-key="${CSS.escape(last)}"]`));
  });
  watch(["styles"], () => {
    hint.hidden = state.styles.length > 0;
    hint.textContent = t`The paintings could not be loaded.`;
  });
  return h(
    "section",
    { class: "group", "aria-labelledby": "paintings-title" },
    h("div", { class: "group-head" }, h("h2", { id: "paintings-title" }, t`Which painting?`), mixSwitch()),
    hint,
    h("div", { class: "find" }, search, ...more),
    list,
    none,
    legend(),
    input,
    mixer(),
  );
}

/** Bring a painting into sight that was chosen elsewhere, in the list alone: on a phone the page stays where it is. */
function reveal(list: HTMLElement, found: HTMLElement | null): void {
  if (!found) return;
  const [around, inside] = [list.getBoundingClientRect(), found.getBoundingClientRect()];
  if (inside.top < around.top) list.scrollTop += inside.top - around.top;
  else if (inside.bottom > around.bottom) list.scrollTop += inside.bottom - around.bottom;
}

function mixSwitch(): HTMLElement {
  const box = h("input", {
    type: "checkbox",
    role: "switch",
    onchange: () => update({ mixing: box.checked, mix: box.checked ? state.mix : state.mix.slice(-1) }),
  });
  watch(["mixing"], () => (box.checked = state.mixing));
  return h("label", { class: "switch" }, box, h("span", { class: "switch-track" }), h("span", {}, t`Mix several`));
}

/** The chosen ones as the label on a museum's wall has them, with their weights. */
function mixer(): HTMLElement {
  const rows = h("ul", { class: "mix", "aria-label": t`The mix` });
  const masked = h("p", { class: "hint" }, t`Each painting goes where it was brushed; weights do not count then.`);
  const weights: Weights = new Map();
  let keys = "";
  watch(["mix", "styles", "paintings", "masksChanged"], () => {
    const brushed = state.mix.length > 1 && anyStyleMasks();
    const now = [...state.mix.map(({ key }) => key), state.paintings.length, state.styles.length].join(" ");
    masked.hidden = !brushed;
    if (now !== keys) {
      keys = now;
      weights.clear();
      fill(rows, state.mix.map(({ key }) => row(key, weights)));
    }
    const [given, total] = [state.mix, shares()];
    given.forEach(({ key, weight }, index) => {
      const { slider, output } = weights.get(key) ?? {};
      if (!slider || !output) return;
      output.textContent = brushed ? "" : percent(total[index]!.weight);
      slider.disabled = brushed;
      slider.value = String(Math.round(weight * 100));
      paintTrack(slider);
    });
    rows.hidden = state.mix.length === 0;
  });
  return h("div", { class: "mixer" }, rows, masked, teaching());
}

/** A favourite is among the first in the list. */
function favouriteButton(key: string, title: string): HTMLElement {
  const button = iconButton("star", t`Favourite: ${title}`, () => {
    const [now, all] = [lasting(key), state.favourites];
    update({ favourites: all.includes(now) ? all.filter((one) => one !== now) : [...all, now] });
    button.setAttribute("aria-pressed", String(isFavourite(key)));
  }, { class: "icon-button favourite", "aria-pressed": String(isFavourite(key)) });
  return button;
}

type Weights = Map<string, { slider: HTMLInputElement; output: HTMLOutputElement }>;

function row(key: string, weights: Weights): HTMLElement {
  const style = findStyle(key);
  const title = style?.title ?? findPainting(key)?.name ?? key;
  const words = h(
    "span",
    { class: "mix-words" },
    h("cite", {}, title),
    h("span", { class: "quiet" }, style ? [style.artist, style.year].filter(Boolean).join(", ") : t`your own`),
  );
  const favourite = favouriteButton(key, title);
  if (state.mix.length < 2) return h("li", {}, words, favourite);
  const output = h("output", {});
  const slider = h("input", {
    type: "range",
    min: "5",
    max: "100",
    step: "5",
    "aria-label": t`Weight of ${title}`,
    oninput: () => {
      paintTrack(slider);
      const weight = Number(slider.value) / 100;
      update({ mix: state.mix.map((choice) => (choice.key === key ? { key, weight } : choice)) });
    },
  });
  weights.set(key, { slider, output });
  return h("li", {}, words, favourite, slider, output, iconButton("close", t`Remove ${title}`, () => update({ mix: toggled(state.mix, key) })));
}

/** How far a slider's track is filled. */
export function paintTrack(slider: HTMLInputElement): void {
  const [min, max] = [Number(slider.min), Number(slider.max)];
  slider.style.setProperty("--filled", `${((Number(slider.value) - min) / (max - min)) * 100}%`);
}
