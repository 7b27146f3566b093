/** Photographs chosen together: any of them can be put on the easel, to see how they will look. */

import { fill, h, icon, iconButton } from "./dom";
import { leaveOut } from "./many";
import { anyMasks } from "./masks";
import { openPhoto } from "./photo";
import { onChange, state, update, watch, type Chosen } from "./state";
import { say } from "./status";
import { t } from "./language";

const SIDE = 108;

export function tray(): HTMLElement {
  const words = h("p", { class: "tray-words", id: "tray-words" });
  const masks = h("p", { class: "quiet" }, t`Masks are for the photograph on the easel alone.`);
  const list = h("ul", { class: "strip-list" });
  const away = h("button", { type: "button", class: "button is-quiet", onclick: () => update({ many: [] }) }, icon("close"), h("span", {}, t`Only the one on the easel`));
  const element = h("nav", { class: "tray", "aria-labelledby": "tray-words" }, h("div", { class: "tray-head" }, words, masks, away), list);
  const rows = new Map<Chosen, HTMLElement>();
  let drawn: readonly Chosen[] = [];
  watch(["many", "photo", "onDevice", "masksChanged"], () => {
    const { many, folder, photo } = state;
    element.hidden = many.length === 0 || state.onDevice;
    masks.hidden = !anyMasks();
    words.textContent = folder ? t`${many.length} photographs of ${folder}, painted alike` : t`${many.length} photographs, painted alike`;
    if (many !== drawn) {
      drawn = many;
      const old = new Map(rows);
      rows.clear();
      for (const one of many) rows.set(one, old.get(one) ?? row(one));
      fill(list, [...rows.values()]);
      void drawAll(many);
    }
    for (const [one, { firstElementChild: button }] of rows) {
      if (one.key === photo?.chosen) button?.setAttribute("aria-current", "true");
      else button?.removeAttribute("aria-current");
    }
  });
  onChange(["onDevice"], () => {
    if (state.onDevice && state.many.length > 0) say(t`On the device it is one photograph at a time.`);
  });

  function row(one: Chosen): HTMLElement {
    const picture = h("canvas", { width: "1", height: "1", class: "blank", "aria-hidden": "true" });
    return h(
      "li",
      { class: "tray-row" },
      h("button", { type: "button", class: "strip-picture", title: one.name, "aria-label": t`Put ${one.name} on the easel`, onclick: () => void openPhoto(one.blob, one.name, one.key) }, picture),
      iconButton("close", t`Leave out ${one.name}`, () => {
        const next = rows.get(one)?.nextElementSibling ?? rows.get(one)?.previousElementSibling;
        leaveOut(one.key);
        queueMicrotask(() => next?.querySelector<HTMLElement>(".tray-out")?.focus());
      }, { class: "tray-out" }),
    );
  }

  /** One at a time: each has to be decoded whole. */
  async function drawAll(many: readonly Chosen[]): Promise<void> {
    for (const one of many) {
      const canvas = rows.get(one)?.querySelector("canvas");
      if (drawn !== many || !canvas) return;
      if (canvas.width === 1) await draw(one.blob, canvas);
    }
  }
  return element;
}

async function draw(blob: Blob, canvas: HTMLCanvasElement): Promise<void> {
  try {
    const bitmap = await createImageBitmap(blob, { imageOrientation: "from-image", resizeHeight: SIDE, resizeQuality: "medium" });
    [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
    canvas.getContext("2d")!.drawImage(bitmap, 0, 0);
    bitmap.close();
  } catch {
    canvas.width = 2; // the studio may read what this browser cannot
  }
}
