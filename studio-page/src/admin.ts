/** For administrators: who is here, what is being painted, how much room is left; and cancelling anyone's job. */

import { fill, h, icon, iconButton } from "./dom";
import { duration, percent, size, STATUS, when } from "./format";
import { getJson, postJson } from "./http";
import { t } from "./language";
import { state, watch } from "./state";
import { say, sayError } from "./status";
import type { AdminJob, AdminOverview, AdminPerson } from "./types";

const EVERY = 5000;

const KINDS: Record<AdminJob["kind"], string> = {
  painting: t`a painting`,
  draft: t`a draft`,
  explanation: t`a page that explains`,
  training: t`learning`,
  film: t`a film`,
};
const LANES: Record<string, string> = { paintings: t`Paintings`, drafts: t`Drafts`, explanations: t`Explanations`, trainings: t`Learning`, films: t`Films` };

const sheet = h("dialog", { class: "sheet-dialog is-wide", "aria-labelledby": "admin-title" });

export function adminButton(): HTMLElement {
  const words = t`Administration`;
  const button = h("button", { type: "button", class: "header-button", "aria-label": words, title: words, onclick: open }, icon("people"));
  watch(["session", "onDevice"], () => (button.hidden = !state.session?.required || !state.session.admin || state.onDevice));
  return button;
}

export function adminSheet(): HTMLElement {
  sheet.addEventListener("click", (event) => {
    if (event.target === sheet) sheet.close();
  });
  return sheet;
}

function open(): void {
  const parts = h("div", { class: "admin" });
  fill(sheet, h("div", { class: "sheet-head" }, h("h2", { id: "admin-title" }, t`Administration`), iconButton("close", t`Close`, () => sheet.close())), parts);
  sheet.showModal();
  const look = async () => {
    try {
      show(parts, await getJson<AdminOverview>("api/v1/admin"));
    } catch (error) {
      sayError(error);
    }
  };
  void look();
  const timer = window.setInterval(() => void look(), EVERY);
  sheet.addEventListener("close", () => window.clearInterval(timer), { once: true });
}

function show(parts: HTMLElement, found: AdminOverview): void {
  const { disk } = found;
  const active = document.activeElement;
  const focused = active && parts.contains(active) ? (active.getAttribute("data-focus") ?? "") : "";
  fill(
    parts,
    h("h3", {}, t`Queue`),
    h("p", { class: "quiet" }, found.lanes.map(({ lane, running, queued, paused }) => t`${LANES[lane] ?? lane}: ${running} under way, ${queued} waiting, ${paused} paused`).map((line) => h("span", { class: "admin-line" }, line))),
    h("ul", { class: "queue" }, found.jobs.map((job) => jobRow(job, parts))),
    h("h3", {}, t`People`),
    h("div", { class: "admin-table", tabindex: "0", role: "region", "aria-label": t`People`, "data-focus": "people" }, people(found.people)),
    h("h3", {}, t`Disk`),
    h("p", {}, t`${size(disk.free)} of ${size(disk.total)} are free.`),
    h("p", { class: "quiet" }, t`Pictures take ${size(disk.pictures)}, ${size(disk.bin)} of them in bins.`, disk.database === null ? "" : ` ${t`The database takes ${size(disk.database)}.`}`),
  );
  if (focused) parts.querySelector<HTMLElement>(`[data-focus="${CSS.escape(focused)}"]`)?.focus();
}

function jobRow(job: AdminJob, parts: HTMLElement): HTMLElement {
  const place = job.position === null ? STATUS[job.status] ?? job.status : t`Waiting, place ${job.position}`;
  const facts = [KINDS[job.kind], job.size === null ? "" : t`${job.size} px`, place, job.done === null ? "" : percent(job.done), job.left === null ? "" : t`about ${duration(job.left)} left`];
  const cancel = async () => {
    try {
      await postJson(`api/v1/admin/jobs/${job.id}/cancel`);
      say(t`Cancelled.`);
      show(parts, await getJson<AdminOverview>("api/v1/admin"));
    } catch (error) {
      sayError(error);
    }
  };
  return h(
    "li",
    { class: "queue-row" },
    h("span", { class: "queue-words" }, h("span", { class: "queue-title" }, job.user), h("span", { class: "quiet" }, facts.filter(Boolean).join(", "))),
    iconButton("stop", t`Cancel the job of ${job.user}`, () => void cancel(), { "data-focus": job.id }),
  );
}

function people(found: AdminPerson[]): HTMLElement {
  const heads = [t`Name`, t`Unfinished`, t`Jobs`, t`Uploads`, t`Space`, t`Signed in`, t`Last job`];
  const row = (person: AdminPerson) => {
    const about = person.admin ? t`administrator` : person.known ? "" : t`without an account`;
    const cells = [person.active_jobs, person.jobs, person.pictures, size(person.bytes), person.sessions, person.last ? when(person.last) : ""];
    return h("tr", {}, h("th", { scope: "row" }, person.user, about && h("span", { class: "quiet" }, ` ${about}`)), cells.map((cell) => h("td", {}, String(cell))));
  };
  return h("table", {}, h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))), h("tbody", {}, found.map(row)));
}
