/** The brush's own bar: what it paints on, how wide, and back. */

import { brushing } from "./brush";
import { fill, h, iconButton } from "./dom";
import { paintTrack } from "./gallery";
import { clearMask, invertMask, maskTargets, PROTECT } from "./masks";
import { redo, undo } from "./undo";
import { state, update, watch } from "./state";
import { t } from "./language";

export function brushBar(view: HTMLElement): HTMLElement {
  const targets = h("fieldset", { class: "targets" });
  const erase = iconButton("eraser", t`Erase`, () => {
    brushing.erase = !brushing.erase;
    erase.setAttribute("aria-pressed", String(brushing.erase));
  });
  erase.setAttribute("aria-pressed", "false");
  const size = h("input", {
    type: "range",
    min: "1",
    max: "40",
    value: String(brushing.size * 100),
    "aria-label": t`Width of the brush`,
    oninput: () => {
      brushing.size = Number(size.value) / 100;
      paintTrack(size);
    },
  });
  paintTrack(size);
  const done = h("button", { type: "button", class: "button is-main", onclick: () => update({ brushing: false }) }, t`Done`);
  const element = h(
    "div",
    { class: "brush-bar", role: "group", "aria-label": t`Brush` },
    targets,
    h("div", { class: "row brush-tools" }, size, erase, iconButton("undo", t`Undo`, undo), iconButton("redo", t`Redo`, redo), iconButton("reload", t`Swap painted and unpainted`, () => invertMask(state.brushTarget)), iconButton("trash", t`Clear it all`, () => clearMask(state.brushTarget)), h("span", { class: "grow" }), done),
  );
  watch(["brushing", "mix"], () => {
    element.hidden = !state.brushing;
    const offered = maskTargets();
    if (!offered.some(({ key }) => key === state.brushTarget)) update({ brushTarget: PROTECT });
    fill(targets, h("legend", { class: "visually-hidden" }, t`What the brush paints`), offered.map(radio));
  });
  let was = false;
  watch(["brushing"], () => {
    if (state.brushing && !was) view.focus();
    was = state.brushing;
  });
  return element;
}

function radio({ key, title, tint }: { key: string; title: string; tint: string }): HTMLElement {
  const input = h("input", {
    type: "radio",
    name: "mask",
    value: key,
    checked: key === state.brushTarget,
    onchange: () => update({ brushTarget: key }),
  });
  const swatch = h("span", { class: "swatch", "aria-hidden": "true" });
  swatch.style.background = tint;
  return h("label", { class: "target" }, input, swatch, h("span", {}, title));
}
