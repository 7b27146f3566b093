/** The foot of the panel: the button that begins, or how far a painting is. */

import { batchBar, showBatch } from "./batchsheet";
import { fill, h, icon, iconButton, type IconName } from "./dom";
import { isKept, isOver } from "./job";
import { act } from "./jobs";
import { resultAddress } from "./label";
import { chart } from "./losses";
import { paintMany } from "./many";
import { DEVICE_MOST, paintHere, paintProperly } from "./painting";
import { currentJob, state, update, watch } from "./state";
import type { Job } from "./types";
import { duration, percent, STATUS } from "./format";
import { t } from "./language";

function needs(): string {
  if (!state.photo) return t`Choose a photograph first.`;
  if (state.mix.length === 0) return t`Now choose a painting.`;
  if (state.onDevice) return state.device.status === "ready" ? "" : t`The network is not on this device yet.`;
  if (!state.online) return t`The studio does not answer.`;
  if (state.photo.film && state.partWrong) return state.partWrong;
  if (state.estimate && "possible" in state.estimate && !state.estimate.possible) return t`At this size this is more of the film than the studio takes on: choose a smaller one, or a shorter part.`;
  return "";
}

async function start(): Promise<void> {
  if (state.onDevice) return paintHere();
  if (state.many.length === 0) return paintProperly();
  const batch = await paintMany();
  if (batch !== null) showBatch(batch);
}

export function dock(): HTMLElement {
  const name = h("span", {});
  const begin = h("button", { type: "button", class: "button is-main wide", onclick: () => void start() }, icon("brush"), name);
  const why = h("p", { class: "hint", id: "why" });
  begin.setAttribute("aria-describedby", "why");
  const setting = h("div", { class: "dock-set" }, h("div", { class: "dock-begin" }, begin, keepHere()), why);
  const working = h("div", { class: "dock-work" });
  const element = h("section", { class: "dock", "aria-label": t`Begin` }, batchBar(), setting, working);
  watch(["photo", "part", "partWrong", "many", "mix", "onDevice", "device", "size", "online", "busy", "capabilities", "styles", "estimate"], () => {
    const missing = needs();
    begin.disabled = missing !== "";
    name.textContent = state.onDevice ? t`Paint it at ${Math.min(DEVICE_MOST, state.size)} pixels` : state.many.length > 0 ? t`Paint all ${state.many.length}` : state.photo?.film ? t`Paint the film` : t`Paint it properly`;
    why.textContent = missing || about();
  });
  const progress = new Working();
  working.append(progress.element);
  watch(["jobs", "job"], () => {
    const job = currentJob();
    const shown = job !== null && isKept(job) && !isOver(job);
    working.hidden = !shown;
    setting.hidden = shown;
    if (shown) progress.show(job);
  });
  return element;
}

/** On a phone the label scrolls away; the result can be had from here too. */
function keepHere(): HTMLElement {
  const link = h("a", { class: "icon-button dock-download", download: "", "aria-label": t`Download`, onclick: () => (link.href = resultAddress(currentJob()!)) }, icon("download"));
  watch(["jobs", "job", "showing", "onDevice"], () => {
    const job = state.showing === "job" && !state.onDevice ? currentJob() : null;
    link.hidden = !job?.result;
    if (job?.result) link.href = resultAddress(job);
  });
  return link;
}

function about(): string {
  if (state.onDevice) return t`To paint in full quality, turn the switch off; it needs the studio.`;
  const { seconds = null, before = 0 } = state.estimate ?? {};
  const count = state.many.length;
  if (seconds === null) return before === 0 ? "" : t`After the ${before} before it`;
  const time = duration(Math.max(1, count) * seconds);
  if (count > 0) return before === 0 ? t`About ${time} for all, as fast as this studio paints` : t`About ${time} for all, as fast as this studio paints, after the ${before} before them`;
  return before === 0 ? t`About ${time} as fast as this studio paints` : t`About ${time} as fast as this studio paints, after the ${before} before it`;
}

/** A painting under way: how far, how long still, how the losses fall. */
class Working {
  private readonly words = h("p", { class: "work-words" });
  private readonly left = h("p", { class: "quiet" });
  private readonly bar = h("div", { class: "stroke-bar", role: "progressbar", "aria-label": t`Painting`, "aria-valuemin": "0", "aria-valuemax": "100" }, h("div", { class: "stroke-fill" }));
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
    if (job.status === "queued" && job.position !== null) this.words.textContent = job.position > 1 ? t`Waiting, ${job.position - 1} before it` : t`Next in the queue`;
    const frames = progress?.steps ? t`Frame ${progress.step} of ${progress.steps}` : "";
    const level = job.kind === "film" ? frames : progress ? t`Level ${progress.level} of ${progress.levels}, ${progress.width} \u00d7 ${progress.height}` : "";
    const left = progress?.left != null && job.status === "running" ? t`about ${duration(progress.left)} left` : "";
    this.left.textContent = [level, left].filter(Boolean).join(" \u00b7 ");
    this.bar.setAttribute("aria-valuetext", [percent(share / 100), left].filter(Boolean).join(", "));
    this.losses.element.hidden = job.kind === "film";
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
      job.status === "paused" ? button("play", t`Go on`, "resume") : null,
      job.status === "running" || job.status === "queued" ? button("pause", t`Pause`, "pause") : null,
      job.status === "cancelling" ? null : button("stop", t`Cancel`, "cancel"),
      h("span", { class: "grow" }),
      iconButton("plus", t`Set up another while this one is painted`, () => update({ job: null, showing: "nothing" })),
    );
    if (held) this.buttons.querySelector("button")?.focus();
  }
}
