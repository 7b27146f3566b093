/** Teaching the network a painting of one's own: how far it is, how its losses fall, and what it has learnt. */

import { fill, h, icon, iconButton } from "./dom";
import { duration, percent, STATUS } from "./format";
import { address, getJson, postJson, remove } from "./http";
import { isOver, reason } from "./job";
import { act, track } from "./jobs";
import { t } from "./language";
import { chart } from "./losses";
import { preview } from "./painting";
import { idOf } from "./photo";
import { findPainting, state, update, watch, type Painting } from "./state";
import { notice, say, sayError } from "./status";
import type { Job, StoredPicture } from "./types";

/** For the one painting chosen, if it is one's own and the studio can be asked. */
export function teaching(): HTMLElement {
  const element = h("div", { class: "teaching" });
  const under = new Learning();
  let shown = "";
  watch(["mix", "paintings", "jobs", "onDevice", "online", "capabilities"], () => {
    const painting = state.mix.length === 1 && !state.onDevice && state.online ? findPainting(state.mix[0]!.key) : undefined;
    const job = painting && running(painting);
    element.hidden = !painting;
    const now = [painting?.key, job?.id, painting?.learnt, state.capabilities?.limits.training_minutes].join(" ");
    if (painting && now !== shown) fill(element, ...(job ? [under.element] : painting.learnt ? learnt(painting) : offer(painting)));
    shown = now;
    if (job) under.show(job);
  });
  const known = new Set<string>();
  watch(["jobs"], () => {
    for (const job of state.jobs.values()) {
      if (job.kind !== "training") continue;
      if (!isOver(job)) known.add(job.id);
      else if (known.delete(job.id)) void ended(job);
    }
  });
  return element;
}

function running({ id }: Painting): Job | undefined {
  return id === null ? undefined : [...state.jobs.values()].find((job) => job.kind === "training" && !isOver(job) && job.request.photo === id);
}

function offer(painting: Painting): HTMLElement[] {
  const minutes = state.capabilities?.limits.training_minutes ?? 5;
  const button = h("button", { type: "button", class: "button is-quiet", onclick: () => void begin() }, icon("brush"), h("span", {}, t`Teach the network this painting`));
  const begin = async () => {
    button.disabled = true;
    try {
      const id = await idOf(painting, "painting");
      track(await postJson<Job>(`api/v1/pictures/${id}/training`));
    } catch (error) {
      button.disabled = false;
      sayError(error);
    }
  };
  return [button, h("p", { class: "hint" }, t`About ${duration(minutes * 60)} in the background; then previews come nearer to it.`)];
}

function learnt(painting: Painting): HTMLElement[] {
  const forget = async () => {
    try {
      await remove(`api/v1/pictures/${painting.id}/style`);
      setLearnt(painting.id!, null);
    } catch (error) {
      sayError(error);
    }
  };
  return [
    h("p", { class: "hint" }, t`The network has learnt this painting.`),
    h("div", { class: "row" }, h("a", { class: "button is-quiet", href: address(painting.learnt!), download: "" }, icon("download"), h("span", {}, t`Style file`)), iconButton("trash", t`Forget what was learnt`, () => void forget())),
  ];
}

/** What was learnt of a painting, or nothing any more; its preview is painted anew. */
function setLearnt(id: string, style: string | null): void {
  update({ paintings: state.paintings.map((one) => (one.id === id ? { ...one, learnt: style } : one)) });
  const [choice, ...others] = state.mix;
  if (choice && others.length === 0 && findPainting(choice.key)?.id === id && state.showing === "preview") void preview();
}

async function ended(job: Job): Promise<void> {
  const name = state.paintings.find(({ id }) => id === job.request.photo)?.name ?? job.title;
  if (job.status === "failed") return sayError(new Error(`${name}: ${reason(job).text}`));
  if (job.status !== "done") return;
  try {
    const { id, style } = await getJson<StoredPicture>(`api/v1/pictures/${job.request.photo}`);
    setLearnt(id, style);
    notice(t`The network has learnt ${name}.`);
  } catch (error) {
    sayError(error);
  }
}

/** A painting being learnt. */
class Learning {
  private readonly words = h("p", { class: "work-words" });
  private readonly left = h("p", { class: "quiet" });
  private readonly bar = h("div", { class: "stroke-bar", role: "progressbar", "aria-label": t`Learning`, "aria-valuemin": "0", "aria-valuemax": "100" }, h("div", { class: "stroke-fill" }));
  private readonly losses = chart();
  private readonly sheet = h("img", { class: "teaching-sheet", alt: t`Pictures, painted by what was learnt so far`, hidden: true });
  private job: Job | null = null;
  private readonly cancel = h("button", { type: "button", class: "button is-quiet", onclick: () => this.job && void act(this.job, "cancel") }, icon("stop"), h("span", {}, t`Cancel`));
  readonly element = h("div", { class: "working" }, h("div", { class: "work-head" }, this.words, this.left), this.bar, this.losses.element, this.sheet, h("div", { class: "row" }, this.cancel));

  show(job: Job): void {
    if (this.job?.id !== job.id) say(t`Learning has started.`);
    this.job = job;
    const { progress } = job;
    const share = Math.round((progress?.done ?? 0) * 100);
    this.bar.setAttribute("aria-valuenow", String(share));
    (this.bar.firstElementChild as HTMLElement).style.width = `${share}%`;
    this.words.textContent = job.status === "running" ? t`Learning` : (STATUS[job.status] ?? job.status);
    this.left.textContent = progress?.left != null && job.status === "running" ? t`about ${duration(progress.left)} left` : "";
    this.bar.setAttribute("aria-valuetext", percent(share / 100));
    this.cancel.hidden = job.status === "cancelling";
    this.sheet.hidden = job.preview === null;
    if (job.preview !== null) this.sheet.src = address(job.preview);
    this.losses.show(job);
  }
}
