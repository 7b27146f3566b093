/** A batch on a sheet: how far each photograph is, and all results in one archive. */

import { batchTitle, jobsOf, standing, standingWords, unfinishedBatches, type Unsent } from "./batch";
import { actions, append, fill, h, icon, iconButton } from "./dom";
import { percent, STATUS } from "./format";
import { isOver, reason } from "./job";
import { act, deleteJobs, retry } from "./jobs";
import { archiveAddress, cancelRest, readBatch, sendAgain, takeBack } from "./many";
import { recall } from "./recall";
import { state, watch } from "./state";
import { inEnglish, sayError } from "./status";
import { thumbnail } from "./thumbnail";
import type { Job } from "./types";
import { t } from "./language";

const sheet = h("dialog", { class: "sheet-dialog batch-sheet", "aria-labelledby": "batch-title" });
let shown: string | null = null;
let drawn = "";
let format = "png";

/** Show a batch that is known here. */
export function showBatch(batch: string): void {
  shown = batch;
  drawn = "";
  draw();
  if (!sheet.open) sheet.showModal();
}

/** Show a batch, also one of an earlier time. */
export function openBatch(batch: string): void {
  for (const dialog of document.querySelectorAll<HTMLDialogElement>("dialog[open]")) dialog.close();
  showBatch(batch);
  readBatch(batch).catch(sayError);
}

let draw = () => {};

function stroke(label: string): { element: HTMLElement; set: (share: number, words: string) => void } {
  const filled = h("div", { class: "stroke-fill" });
  const element = h("div", { class: "batch-share", role: "progressbar", "aria-label": label, "aria-valuemin": "0", "aria-valuemax": "100" }, filled);
  return {
    element,
    set: (share, words) => {
      const whole = Math.round(share * 100);
      filled.style.width = `${whole}%`;
      element.setAttribute("aria-valuenow", String(whole));
      element.setAttribute("aria-valuetext", words);
    },
  };
}

export function batchSheet(): HTMLElement {
  const title = h("h2", { id: "batch-title" });
  const words = h("p", { class: "quiet", id: "batch-words" });
  const bar = stroke(t`All photographs`);
  const rows = h("ul", { class: "queue" });
  const link = h("a", { class: "button is-main is-joined", download: "" }, icon("download"), h("span", {}, t`Download all`));
  const select = h("select", { class: "is-joined", "aria-label": t`File format`, onchange: () => ((format = select.value), aim()) });
  const stop = h("button", { type: "button", class: "button is-quiet", onclick: () => shown !== null && void cancelRest(shown) }, icon("stop"), h("span", {}, t`Cancel the rest`));
  const throwAway = h("button", { type: "button", class: "button is-quiet", onclick: () => shown !== null && deleteBatch(shown) }, icon("trash"), h("span", {}, t`Delete all`));
  const aim = () => (link.href = archiveAddress(shown ?? "", format));
  const archive = h("div", { class: "joined" }, link, select);
  append(
    sheet,
    h("div", { class: "sheet-head" }, title, iconButton("close", t`Close`, () => sheet.close())),
    h("div", { class: "batch-head" }, words, bar.element, h("div", { class: "row" }, archive, stop, throwAway)),
    rows,
  );
  draw = () => {
    if (shown === null) return;
    const [jobs, unsent] = [jobsOf(shown, state.jobs.values()), state.unsent.filter(({ batch }) => batch === shown)];
    const now = JSON.stringify([shown, jobs.map((job) => [job.id, job.status, job.position, job.thumbnail, job.preview !== null, fives(job)]), unsent.map(({ key, refusal }) => [key, refusal])]);
    if (now === drawn) return;
    drawn = now;
    const found = standing(shown, state.jobs.values(), state.unsent);
    title.textContent = batchTitle(shown);
    words.textContent = standingWords(found);
    bar.set(found.share, words.textContent);
    archive.hidden = !jobs.some(({ result }) => result);
    stop.hidden = found.unfinished === 0;
    throwAway.hidden = found.unfinished > 0 || found.total === 0;
    aim();
    const focused = sheet.contains(document.activeElement) ? document.activeElement?.getAttribute("aria-label") : null;
    fill(rows, jobs.map(jobRow), unsent.map(unsentRow));
    if (focused) sheet.querySelector<HTMLElement>(`[aria-label="${CSS.escape(focused)}"]`)?.focus();
  };
  watch(["jobs", "unsent"], () => draw());
  watch(["capabilities"], () => {
    const formats = state.capabilities?.formats ?? [format];
    fill(select, formats.map((each) => h("option", { value: each, selected: each === format }, each.toUpperCase())));
  });
  sheet.addEventListener("click", (event) => {
    if (event.target === sheet) sheet.close();
  });
  return sheet;
}

function deleteBatch(batch: string): void {
  sheet.close();
  takeBack(state.unsent.filter((one) => one.batch === batch));
  void deleteJobs(jobsOf(batch, state.jobs.values()), batchTitle(batch));
}

/** How far a job is, in steps of a twentieth. */
const fives = (job: Job) => Math.round((job.progress?.done ?? 0) * 20) / 20;

const why = ({ text, detail }: { text: string; detail: string }) => [h("span", { class: "is-wrong" }, text), detail && inEnglish(detail)];

function jobRow(job: Job): HTMLElement {
  const place = job.status === "queued" && job.position ? t`Waiting, place ${job.position}` : "";
  const words = place || [STATUS[job.status], !isOver(job) && job.progress && percent(fives(job))].filter(Boolean).join(", ");
  const failed = job.status === "failed" ? reason(job) : null;
  return h(
    "li",
    { class: "queue-row", "data-status": job.status },
    h("span", { class: "queue-picture" }, thumbnail(job)),
    h("span", { class: "queue-words" }, h("span", { class: "queue-title" }, job.title), failed ? why(failed) : h("span", { class: "quiet" }, words)),
    actions(
      failed && h("button", { type: "button", class: "button is-quiet", "aria-label": t`Try ${job.title} again`, onclick: () => void retry(job) }, icon("reload"), h("span", {}, t`Try again`)),
      !isOver(job) && job.status !== "cancelling" && iconButton("stop", t`Cancel ${job.title}`, () => void act(job, "cancel")),
      (job.result || !isOver(job)) && h("button", { type: "button", class: "button is-quiet", "aria-label": isOver(job) ? t`Look at ${job.title}` : t`Watch ${job.title}`, onclick: () => void recall(job) }, isOver(job) ? t`Look` : t`Watch`),
    ),
  );
}

function unsentRow(one: Unsent): HTMLElement {
  return h(
    "li",
    { class: "queue-row", "data-status": one.refusal === null ? "unsent" : "refused" },
    h("span", { class: "queue-picture" }, h("span", { class: "blank" })),
    h("span", { class: "queue-words" }, h("span", { class: "queue-title" }, one.name), one.refusal === null ? h("span", { class: "quiet" }, t`Not sent yet`) : why(one.refusal)),
    actions(
      one.refusal !== null && h("button", { type: "button", class: "button is-quiet", "aria-label": t`Try ${one.name} again`, onclick: () => sendAgain(one) }, icon("reload"), h("span", {}, t`Try again`)),
      iconButton(one.refusal === null ? "stop" : "trash", one.refusal === null ? t`Cancel ${one.name}` : t`Remove ${one.name}`, () => takeBack([one])),
    ),
  );
}

/** The batch under way, in a line above the button that begins. */
export function batchBar(): HTMLElement {
  const words = h("span", {});
  const bar = stroke(t`Photographs painted alike`);
  let batch = "";
  const element = h("div", { class: "batch-bar" }, h("div", { class: "batch-bar-words" }, words, h("button", { type: "button", class: "button is-quiet", onclick: () => showBatch(batch) }, t`Show them`)), bar.element);
  watch(["jobs", "unsent", "onDevice"], () => {
    const open = unfinishedBatches(state.jobs.values(), state.unsent);
    element.hidden = open.length === 0 || state.onDevice;
    if (open.length === 0) return;
    batch = open.at(-1)!;
    const found = standing(batch, state.jobs.values(), state.unsent);
    words.textContent = standingWords(found);
    bar.set(found.share, standingWords(found));
  });
  return element;
}
