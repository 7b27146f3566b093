/** What is set: brushwork, places, size and preset. */

import { fill, h, icon, iconButton } from "./dom";
import { paintTrack } from "./gallery";
import { isKept, isOver } from "./job";
import { anyMasks } from "./masks";
import { DEVICE_MOST } from "./painting";
import { currentJob, state, update, watch } from "./state";
import { percent } from "./format";
import { pieces, t } from "./language";
import { presetSummary, presetTitle } from "./named";
import { inEnglish } from "./status";

type Numeric = "strength" | "strokeSize" | "keepColor";

/** `ends`: what the slider's track has at its ends, or also in the middle. */
function slider(field: Numeric, label: string, [min, max]: [number, number], ends: string[]): HTMLElement {
  const output = h("output", {});
  const input = h("input", {
    type: "range",
    id: field,
    min: String(min),
    max: String(max),
    step: "1",
    oninput: () => update({ [field]: Number(input.value) / 100 }),
  });
  watch([field], () => {
    const value = Math.round(state[field] * 100);
    // A past picture may have been painted beyond what is offered here.
    input.min = String(Math.min(min, value));
    input.max = String(Math.max(max, value));
    if (Number(input.value) !== value) input.value = String(value);
    output.textContent = percent(value / 100);
    input.setAttribute("aria-valuetext", output.textContent);
    paintTrack(input);
  });
  return h(
    "div",
    { class: "slider" },
    h("label", { for: field }, label),
    output,
    input,
    h("span", { class: "ends quiet", "aria-hidden": "true" }, ends.map((end) => h("span", {}, end))),
  );
}

export function brushwork(): HTMLElement {
  const where = h(
    "button",
    { type: "button", class: "button is-quiet wide", onclick: () => update({ brushing: !state.brushing }) },
    icon("brush"),
    h("span", {}, t`Paint where it goes`),
  );
  const label = where.lastElementChild!;
  watch(["photo", "brushing", "masksChanged"], () => {
    // Masks are of one picture; a film moves.
    where.disabled = !state.photo || state.photo.film !== undefined;
    where.setAttribute("aria-pressed", String(state.brushing));
    label.textContent = state.brushing ? t`Put the brush away` : anyMasks() ? t`Change where it goes` : t`Paint where it goes`;
  });
  return h(
    "section",
    { class: "group", "aria-labelledby": "brushwork-title" },
    h("h2", { id: "brushwork-title" }, t`How is it painted?`),
    slider("strength", t`Strength`, [0, 200], [t`photograph`, t`painting`, t`beyond it`]),
    slider("strokeSize", t`Stroke size`, [50, 200], [t`fine`, t`broad`]),
    slider("keepColor", t`Photograph\u2019s colours`, [0, 100], [t`none`, t`all`]),
    where,
  );
}

const SIZES: [number, string][] = [
  [512, t`512 px, a quick look`],
  [768, t`768 px`],
  [1024, t`1024 px, a screen`],
  [1600, t`1600 px, a large screen`],
  [2048, t`2048 px, a postcard in print`],
  [2480, t`2480 px, A5 in print (300 dpi)`],
  [3508, t`3508 px, A4 in print (300 dpi)`],
  [4096, t`4096 px`],
  [4961, t`4961 px, A3 in print (300 dpi)`],
  [7016, t`7016 px, A2 in print (300 dpi)`],
];

function sizeSelect(): HTMLElement {
  const select = h("select", { id: "size", onchange: () => update({ size: Number(select.value) }) });
  watch(["capabilities", "size", "onDevice"], () => {
    const most = state.onDevice ? DEVICE_MOST : (state.capabilities?.limits.size ?? 4096);
    const size = Math.min(most, state.size);
    const sizes = SIZES.filter(([side]) => side <= most);
    if (!sizes.some(([side]) => side === size)) sizes.push([size, t`${size} px`]);
    fill(select, sizes.sort((a, b) => a[0] - b[0]).map(([side, words]) => h("option", { value: String(side) }, words)));
    select.value = String(size);
  });
  return h("label", { class: "field", for: "size" }, h("span", {}, t`Size`), select);
}

function presetSelect(): HTMLElement {
  const select = h("select", { id: "preset", onchange: () => update({ preset: select.value }) });
  watch(["capabilities", "preset"], () => {
    const presets = state.capabilities?.presets ?? [{ name: "default", summary: "" }];
    fill(select, presets.map(({ name, summary }) => h("option", { value: name, title: presetSummary(name, summary) }, presetTitle(name))));
    if (![...select.options].some((option) => option.value === state.preset)) {
      select.append(h("option", { value: state.preset }, presetTitle(state.preset)));
    }
    select.value = state.preset;
  });
  return h("label", { class: "field", for: "preset" }, h("span", {}, t`Preset`), select);
}

/** How large, and by which recipe. */
export function fields(): HTMLElement {
  const preset = presetSelect();
  const element = h("div", { class: "fields" }, sizeSelect(), preset, moreOptions());
  watch(["onDevice", "jobs", "job", "photo"], () => {
    const job = currentJob();
    element.hidden = job !== null && isKept(job) && !isOver(job);
    preset.hidden = state.onDevice || state.photo?.film !== undefined;
  });
  return element;
}

/** Options that came with a past picture and have no slider here. */
function moreOptions(): HTMLElement {
  const words = h("span", {});
  const element = h("p", { class: "more quiet" }, words, iconButton("close", t`Without these options`, () => update({ options: {} })));
  watch(["options", "onDevice"], () => {
    const given = Object.entries(state.options).map(([name, value]) => `${name.replaceAll("_", " ")} ${JSON.stringify(value)}`);
    element.hidden = given.length === 0 || state.onDevice;
    fill(words, pieces`Also: ${inEnglish(given.join(", "))}`);
  });
  return element;
}
