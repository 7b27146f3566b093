/** Past pictures and the queue: a strip under the easel, and a sheet with everything. */

import { batchOf, batchTitle, standing, standingWords, unfinishedBatches } from "./batch";
import { openBatch } from "./batchsheet";
import { actions, append, fill, h, icon, iconButton } from "./dom";
import { getJson } from "./http";
import { isDraft, leavesBin, reason } from "./job";
import { act, binned, deleteForGood, deleteJob, emptyBin, finished, past, readHistory, restoreJob, retry, unfinished } from "./jobs";
import { recall } from "./recall";
import { findStyle, state, update, watch } from "./state";
import { inEnglish, sayError } from "./status";
import { thumbnail } from "./thumbnail";
import type { Batch, Job } from "./types";
import { duration, list, percent, STATUS, when } from "./format";
import { t } from "./language";

/** The latest pictures, small, along the wall. */
export function strip(): HTMLElement {
  const pictures = h("ul", { class: "strip-list", "aria-label": t`Past pictures` });
  const element = h("nav", { class: "strip", "aria-label": t`Past pictures` }, pictures);
  let known = "";
  watch(["jobs", "job", "onDevice", "online"], () => {
    const latest = finished().slice(0, 24);
    element.hidden = latest.length === 0 || state.onDevice || !state.online;
    const now = latest.map(({ id }) => id).join() + state.job;
    if (now === known) return;
    known = now;
    fill(
      pictures,
      latest.map((job) =>
        h("li", {}, h("button", { type: "button", class: job.kind === "film" ? "strip-picture is-film" : "strip-picture", title: job.title, "aria-label": `${job.title}, ${when(job.created)}`, "aria-current": job.id === state.job ? "true" : undefined, onclick: () => void recall(job) }, thumbnail(job))),
      ),
    );
  });
  return element;
}

const sheet = h("dialog", { class: "sheet-dialog", "aria-labelledby": "sheet-title" });

function queueRow(job: Job): HTMLElement {
  const share = Math.round((job.progress?.done ?? 0) * 100);
  const words = job.status === "queued" && job.position ? t`Waiting, place ${job.position}` : [job.kind === "training" && job.status === "running" ? t`Learning` : STATUS[job.status], job.progress && percent(share / 100)].filter(Boolean).join(", ");
  return h(
    "li",
    { class: "queue-row" },
    h("span", { class: "queue-picture" }, thumbnail(job)),
    h("span", { class: "queue-words" }, h("span", { class: "queue-title" }, job.title), h("span", { class: "quiet" }, words)),
    actions(
      job.status === "paused"
        ? iconButton("play", t`Resume ${job.title}`, () => void act(job, "resume"))
        : iconButton("pause", t`Pause ${job.title}`, () => void act(job, "pause")),
      iconButton("stop", t`Cancel ${job.title}`, () => void act(job, "cancel")),
      job.kind !== "training" && h("button", { type: "button", class: "button is-quiet", "aria-label": t`Watch ${job.title}`, onclick: () => void recall(job) }, t`Watch`),
    ),
  );
}

/** Photographs painted alike, in one row. */
function batchRow(batch: string): HTMLElement {
  const title = batchTitle(batch);
  return h(
    "li",
    { class: "queue-row" },
    h("span", { class: "queue-words" }, h("span", { class: "queue-title" }, title), h("span", { class: "quiet" }, standingWords(standing(batch, state.jobs.values(), state.unsent)))),
    h("button", { type: "button", class: "button is-quiet", "aria-label": t`Open ${title}`, onclick: () => openBatch(batch) }, t`Open`),
  );
}

/** One from an earlier time: how it stands is read when it is opened. */
function batchLink(batch: Batch): HTMLElement {
  const title = batchTitle(batch.name);
  return h(
    "li",
    { class: "queue-row" },
    h("span", { class: "queue-words" }, h("span", { class: "queue-title" }, title), h("span", { class: "quiet" }, t`${batch.jobs} photographs`)),
    h("button", { type: "button", class: "button is-quiet", "aria-label": t`Open ${title}`, onclick: () => openBatch(batch.name) }, t`Open`),
  );
}

/** One that failed: why, and once more. */
function failedCard(job: Job): HTMLElement {
  const again = async () => {
    const made = await retry(job);
    if (made) await recall(made);
  };
  const { text, detail } = reason(job);
  return h(
    "li",
    { class: "card is-failed" },
    h("div", { class: "card-words" }, h("cite", {}, job.title), h("span", { class: "is-wrong" }, text), detail && inEnglish(detail), h("span", { class: "quiet" }, when(job.created))),
    iconButton("trash", t`Delete ${job.title}`, () => void deleteJob(job)),
    h("button", { type: "button", class: "button is-quiet", "aria-label": t`Try ${job.title} again`, onclick: () => void again() }, icon("reload"), h("span", {}, t`Try again`)),
  );
}

function card(job: Job): HTMLElement {
  if (!job.result) return failedCard(job);
  const styles = job.request.styles.map(({ name }) => (name ? (findStyle(name)?.title ?? name) : t`a painting of your own`));
  return h(
    "li",
    { class: "card" },
    h("button", { type: "button", class: "card-picture", "aria-label": t`Load ${job.title}, ${when(job.created)}`, onclick: () => void recall(job) }, thumbnail(job)),
    h("div", { class: "card-words" }, h("cite", {}, list(styles)), h("span", { class: "quiet" }, [when(job.created), `${job.result.width} \u00d7 ${job.result.height}`, isDraft(job) && t`a draft`, job.result.length != null && t`a film of ${duration(job.result.length)}`].filter(Boolean).join(", "))),
    iconButton("trash", t`Delete ${job.title}`, () => void deleteJob(job)),
  );
}

/** One in the bin: until when, back again, or away for good. */
function binRow(job: Job): HTMLElement {
  const days = state.capabilities?.limits.bin_days ?? 30;
  return h(
    "li",
    { class: "queue-row" },
    h("span", { class: "queue-picture" }, thumbnail(job)),
    h("span", { class: "queue-words" }, h("span", { class: "queue-title" }, job.title), h("span", { class: "quiet" }, t`Until ${when(leavesBin(job, days))}`)),
    actions(
      iconButton("undo", t`Restore ${job.title}`, () => void restoreJob(job)),
      iconButton("trash", t`Delete ${job.title} for good`, () => void deleteForGood(job)),
    ),
  );
}

/** Empties the bin at the second click, since nothing brings that back. */
function emptyButton(): HTMLButtonElement {
  const button = h("button", { type: "button", class: "button is-quiet" });
  let sure = false;
  const ask = (now: boolean) => {
    sure = now;
    button.textContent = sure ? t`Yes, delete ${binned().length} for good` : t`Empty the bin`;
    button.classList.toggle("is-wrong", sure);
  };
  ask(false);
  button.addEventListener("click", () => {
    if (sure) void emptyBin();
    ask(!sure);
  });
  button.addEventListener("blur", () => ask(false));
  return button;
}

function bin(): { element: HTMLElement; show: (jobs: Job[]) => void } {
  const rows = h("ul", { class: "queue" });
  const count = h("span", { class: "count" });
  const element = h("details", { class: "bin" }, h("summary", {}, h("h3", {}, t`Bin`), count), rows, emptyButton());
  const show = (jobs: Job[]) => {
    element.hidden = jobs.length === 0;
    count.textContent = String(jobs.length);
    fill(rows, jobs.map(binRow));
  };
  return { element, show };
}

export function shelf(): HTMLElement {
  const thrown = bin();
  const queue = h("ul", { class: "queue" });
  const nothing = h("p", { class: "quiet" }, t`Nothing is being painted.`);
  const cards = h("ul", { class: "cards" });
  const batches = h("ul", { class: "queue" });
  const earlierTitle = h("h3", {}, t`Photographs painted alike`);
  const earlier = h("ul", { class: "queue" });
  const none = h("p", { class: "quiet" }, t`Finished paintings are listed here, with their settings.`);
  append(
    sheet,
    h("div", { class: "sheet-head" }, h("h2", { id: "sheet-title" }, t`Queue and history`), iconButton("close", t`Close`, () => sheet.close())),
    h("h3", {}, t`Queue`),
    nothing,
    batches,
    queue,
    earlierTitle,
    earlier,
    h("h3", {}, t`Past pictures`),
    none,
    cards,
    thrown.element,
  );
  let known = "";
  watch(["jobs", "styles", "capabilities", "unsent", "batches"], () => {
    const open = unfinishedBatches(state.jobs.values(), state.unsent);
    const closed = state.batches.filter(({ name }) => !open.includes(name));
    const [waiting, over, away] = [unfinished().filter((job) => batchOf(job) === null), past(), binned()];
    const now = JSON.stringify([
      open.map((batch) => [batch, standingWords(standing(batch, state.jobs.values(), state.unsent))]),
      closed.map(({ name, jobs }) => [name, jobs]),
      waiting.map((job) => [job.id, job.status, job.position, Math.round((job.progress?.done ?? 0) * 20)]),
      [over, away].map((jobs) => jobs.map(({ id }) => id)),
      state.styles.length,
      state.capabilities?.limits.bin_days,
    ]);
    if (now === known) return;
    known = now;
    nothing.hidden = waiting.length + open.length > 0;
    earlierTitle.hidden = closed.length === 0;
    none.hidden = over.length > 0;
    const focused = sheet.contains(document.activeElement) ? document.activeElement?.getAttribute("aria-label") : null;
    fill(batches, open.map(batchRow));
    fill(earlier, closed.map(batchLink));
    fill(queue, waiting.map(queueRow));
    fill(cards, over.map(card));
    thrown.show(away);
    if (focused) sheet.querySelector<HTMLElement>(`[aria-label="${CSS.escape(focused)}"]`)?.focus();
  });
  sheet.addEventListener("click", (event) => {
    if (event.target === sheet) sheet.close();
  });
  return sheet;
}

export function shelfButton(): HTMLElement {
  const count = h("span", { class: "count" });
  const about = h("span", { class: "visually-hidden" }, t`being painted`);
  const button = h("button", { type: "button", class: "header-button", onclick: () => openShelf() }, icon("picture"), h("span", { class: "header-words" }, t`Shelf`), " ", count, " ", about);
  watch(["jobs", "onDevice"], () => {
    const waiting = unfinished().length;
    count.textContent = waiting > 0 ? String(waiting) : "";
    count.hidden = about.hidden = waiting === 0;
    button.hidden = state.onDevice;
  });
  return button;
}

function openShelf(): void {
  sheet.showModal();
  readHistory().catch(sayError);
  getJson<{ batches: Batch[] }>("api/v1/batches").then(({ batches }) => update({ batches }), sayError);
}
