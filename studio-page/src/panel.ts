/** What is set: brushwork, places, size, and the button that begins. */

import { fill, h, icon, iconButton, type IconName } from "./dom";
import { paintTrack } from "./gallery";
import { act } from "./jobs";
import { chart } from "./losses";
import { anyMasks } from "./masks";
import { DEVICE_MOST, isInstant, paintHere, paintProperly } from "./painting";
import { currentJob, state, update, watch, type State } from "./state";
import { isOver, type Job } from "./types";
import { duration } from "./words";

type Numeric = "strength" | "strokeSize" | "keepColor";

function slider(field: Numeric, label: string, min: number, low: string, high: string): HTMLElement {
  const output = h("output", {});
  const input = h("input", {
    type: "range",
    id: field,
    min: String(min),
    max: "100",
    step: "1",
    oninput: () => update({ [field]: Number(input.value) / 100 } as Partial<State>),
  });
  watch([field], () => {
    const value = Math.round(state[field] * 100);
    // A past picture may have been painted beyond what is offered here.
    input.min = String(Math.min(min, value));
    input.max = String(Math.max(100, value));
    if (Number(input.value) !== value) input.value = String(value);
    output.textContent = `${value}%`;
    input.setAttribute("aria-valuetext", `${value} percent`);
    paintTrack(input);
  });
  return h(
    "div",
    { class: "slider" },
    h("label", { for: field }, label),
    output,
    input,
    h("span", { class: "ends quiet", "aria-hidden": "true" }, h("span", {}, low), h("span", {}, high)),
  );
}

export function brushwork(): HTMLElement {
  const where = h(
    "button",
    { type: "button", class: "button is-quiet wide", onclick: () => update({ brushing: !state.brushing }) },
    icon("brush"),
    h("span", {}, "Paint where it goes"),
  );
  const label = where.lastElementChild!;
  watch(["photo", "brushing", "masksChanged"], () => {
    where.disabled = !state.photo;
    where.setAttribute("aria-pressed", String(state.brushing));
    label.textContent = state.brushing ? "Lay the brush down" : anyMasks() ? "Places are set: change them" : "Paint where it goes";
  });
  return h(
    "section",
    { class: "group", "aria-labelledby": "brushwork-title" },
    h("h2", { id: "brushwork-title" }, "How is it painted?"),
    slider("strength", "Strength", 0, "photograph", "painting"),
    slider("strokeSize", "Stroke size", 50, "fine", "broad"),
    slider("keepColor", "Photograph\u2019s colours", 0, "none", "all"),
    where,
  );
}

const SIZES: [number, string][] = [
  [512, "512 px, a quick look"],
  [768, "768 px"],
  [1024, "1024 px, a screen"],
  [1600, "1600 px, a large screen"],
  [2048, "2048 px, a postcard in print"],
  [2480, "2480 px, A5 in print (300 dpi)"],
  [3508, "3508 px, A4 in print (300 dpi)"],
  [4096, "4096 px"],
  [4961, "4961 px, A3 in print (300 dpi)"],
  [7016, "7016 px, A2 in print (300 dpi)"],
];

function sizeSelect(): HTMLElement {
  const select = h("select", { id: "size", onchange: () => update({ size: Number(select.value) }) });
  watch(["capabilities", "size", "onDevice"], () => {
    const most = state.onDevice ? DEVICE_MOST : (state.capabilities?.limits.size ?? 4096);
    const size = Math.min(most, state.size);
    const sizes = SIZES.filter(([side]) => side <= most);
    if (!sizes.some(([side]) => side === size)) sizes.push([size, `${size} px`]);
    fill(select, sizes.sort((a, b) => a[0] - b[0]).map(([side, words]) => h("option", { value: String(side) }, words)));
    select.value = String(size);
  });
  return h("label", { class: "field", for: "size" }, h("span", {}, "Size"), select);
}

function presetSelect(): HTMLElement {
  const select = h("select", { id: "preset", onchange: () => update({ preset: select.value }) });
  watch(["capabilities", "preset"], () => {
    const presets = state.capabilities?.presets ?? [{ name: "default", summary: "a painting in seconds" }];
    const titled = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);
    fill(select, presets.map(({ name, summary }) => h("option", { value: name }, `${titled(name)}: ${summary}`)));
    if (![...select.options].some((option) => option.value === state.preset)) {
      select.append(h("option", { value: state.preset }, titled(state.preset)));
    }
    select.value = state.preset;
  });
  return h("label", { class: "field", for: "preset" }, h("span", {}, "Preset"), select);
}

function needs(): string {
  if (!state.photo) return "First a photograph.";
  if (state.mix.length === 0) return "Then a painting to paint it after.";
  if (state.onDevice) return state.device.status === "ready" ? "" : "The network is not on this device yet.";
  if (!state.online) return "The studio does not answer.";
  const unpaintable = state.mix.find(({ key }) => state.styles.find(({ name }) => name === key)?.paint === false);
  if (unpaintable) return "One of the paintings is there for previews only.";
  return "";
}

/** How large, and by which recipe. */
export function fields(): HTMLElement {
  const preset = presetSelect();
  const element = h("div", { class: "fields" }, sizeSelect(), preset, moreOptions());
  watch(["onDevice", "jobs", "job"], () => {
    const job = currentJob();
    element.hidden = job?.kind === "painting" && !isOver(job);
    preset.hidden = state.onDevice;
  });
  return element;
}

/** Options that came with a past picture and have no slider here. */
function moreOptions(): HTMLElement {
  const words = h("span", {});
  const element = h("p", { class: "more quiet" }, words, iconButton("close", "Without these options", () => update({ options: {} })));
  watch(["options", "onDevice"], () => {
    const given = Object.entries(state.options).map(([name, value]) => `${name.replaceAll("_", " ")} ${JSON.stringify(value)}`);
    element.hidden = given.length === 0 || state.onDevice;
    words.textContent = `Also, as then: ${given.join(", ")}`;
  });
  return element;
}

/** The foot of the panel: begin, or how far it is. */
export function dock(): HTMLElement {
  const name = h("span", {});
  const begin = h("button", { type: "button", class: "button is-main wide", onclick: () => void (state.onDevice ? paintHere() : paintProperly()) }, icon("brush"), name);
  const why = h("p", { class: "hint", id: "why" });
  begin.setAttribute("aria-describedby", "why");
  const setting = h("div", { class: "dock-set" }, begin, why);
  const working = h("div", { class: "dock-work" });
  const element = h("section", { class: "dock", "aria-label": "Begin" }, setting, working);
  watch(["photo", "mix", "onDevice", "device", "online", "busy", "capabilities", "styles"], () => {
    const missing = needs();
    begin.disabled = missing !== "";
    name.textContent = state.onDevice ? "Paint it at this size" : "Paint it properly";
    why.textContent = missing || about();
  });
  const progress = new Working();
  working.append(progress.element);
  watch(["jobs", "job"], () => {
    const job = currentJob();
    const shown = job !== null && job.kind === "painting" && !isOver(job);
    working.hidden = !shown;
    setting.hidden = shown;
    if (shown) progress.show(job);
  });
  return element;
}

function about(): string {
  if (state.onDevice) return "The slow, careful painting needs the studio: turn the switch off for it.";
  return isInstant() ? "" : "A draft is painted first, at a small size.";
}

/** A painting under way: how far, how long still, how the losses fall. */
class Working {
  private readonly words = h("p", { class: "work-words" });
  private readonly left = h("p", { class: "quiet" });
  private readonly bar = h("div", { class: "stroke-bar", role: "progressbar", "aria-label": "Painting", "aria-valuemin": "0", "aria-valuemax": "100" }, h("div", { class: "stroke-fill" }));
  private readonly losses = chart();
  private readonly buttons = h("div", { class: "row" });
  private offered = "";
  readonly element = h("div", { class: "working" }, h("div", { class: "work-head" }, this.words, this.left), this.bar, this.losses.element, this.buttons);

  show(job: Job): void {
    const { progress } = job;
    const share = Math.round((progress?.done ?? 0) * 100);
    this.bar.setAttribute("aria-valuenow", String(share));
    (this.bar.firstElementChild as HTMLElement).style.width = `${share}%`;
    this.words.textContent = STATUS[job.status] ?? job.status;
    if (job.status === "queued" && job.position !== null) this.words.textContent = job.position > 1 ? `Waiting, ${job.position - 1} before it` : "Next in the queue";
    const level = progress ? `Layer ${progress.level} of ${progress.levels}, ${progress.width} \u00d7 ${progress.height}` : "";
    const left = progress?.left != null && job.status === "running" ? `about ${duration(progress.left)} left` : "";
    this.left.textContent = [level, left].filter(Boolean).join(" \u00b7 ");
    this.bar.setAttribute("aria-valuetext", [`${share} percent`, left].filter(Boolean).join(", "));
    this.losses.show(job);
    this.offer(job);
  }

  private offer(job: Job): void {
    const now = `${job.id} ${job.status}`;
    if (now === this.offered) return;
    this.offered = now;
    const button = (name: IconName, words: string, what: "cancel" | "pause" | "resume") =>
      h("button", { type: "button", class: "button is-quiet", "data-act": what, onclick: () => void act(job, what) }, icon(name), h("span", {}, words));
    const held = this.buttons.contains(document.activeElement);
    fill(
      this.buttons,
      job.status === "paused" ? button("play", "Go on", "resume") : null,
      job.status === "running" || job.status === "queued" ? button("pause", "Pause", "pause") : null,
      job.status === "cancelling" ? null : button("stop", "Cancel", "cancel"),
      h("span", { class: "grow" }),
      iconButton("plus", "Set up another while this one is painted", () => update({ job: null, showing: "nothing" })),
    );
    if (held) this.buttons.querySelector("button")?.focus();
  }
}

export const STATUS: Record<string, string> = {
  queued: "Waiting",
  running: "Painting",
  pausing: "Pausing",
  paused: "Paused",
  cancelling: "Stopping",
  done: "Painted",
  cancelled: "Cut short",
  failed: "Failed",
};
