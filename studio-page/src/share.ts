/** A finished picture or film for others: a picture as a file by the system's share sheet, both by a link that ends. */

import { append, fill, h, icon, iconButton } from "./dom";
import { when } from "./format";
import { address, getBlob, getJson, postJson, remove } from "./http";
import { t } from "./language";
import { fileName, isOnlyHere, lifetimes } from "./links";
import { state } from "./state";
import { notice, say, sayError } from "./status";
import type { Job, Link } from "./types";

const dialog = h("dialog", { class: "share-dialog", "aria-labelledby": "share-title" });

export function shareDialog(): HTMLElement {
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  return dialog;
}

export function openShare(job: Job): void {
  fill(
    dialog,
    h("div", { class: "sheet-head" }, h("h2", { id: "share-title" }, t`Share`), iconButton("close", t`Close`, () => dialog.close())),
    h("p", { class: "quiet share-name" }, job.title),
    job.kind === "film" ? null : fileButton(job), // a film would be fetched whole, with its tags
    ...linkParts(job),
  );
  dialog.showModal();
}

/** Gives the picture itself to another program, where the system has a way. It has no settings inside. */
function fileButton(job: Job): HTMLElement | null {
  const name = fileName(job.title, "jpg");
  if (!navigator.canShare?.({ files: [new File([], name, { type: "image/jpeg" })] })) return null;
  const button = h("button", { type: "button", class: "button is-main wide", disabled: true }, icon("share"), h("span", {}, t`Share the picture`));
  // Fetched beforehand: a share sheet opens at once after a click, or not at all.
  getBlob(`${job.result!.url}?format=jpg&quality=95&parameters=false&download=false`).then((blob) => {
    const file = new File([blob], name, { type: "image/jpeg" });
    button.disabled = false;
    button.addEventListener("click", () => void handOver({ files: [file], title: job.title }));
  }, sayError);
  return button;
}

async function handOver(data: ShareData): Promise<void> {
  try {
    await navigator.share(data);
  } catch (error) {
    if (!(error instanceof DOMException && error.name === "AbortError")) sayError(error);
  }
}

function linkParts(job: Job): HTMLElement[] {
  const offered = lifetimes(state.capabilities?.limits.link_days ?? 0);
  if (offered.length === 0) return [];
  const list = h("ul", { class: "links" });
  const days = h(
    "select",
    { id: "link-days" },
    offered.map((count) => h("option", { value: count, selected: count === 7 }, t`${count} days`)),
  );
  const show = (link: Link) => list.append(linkRow(job, link));
  const make = async () => {
    try {
      const made = await postJson<Link>(`api/v1/jobs/${job.id}/links`, { days: Number(days.value) });
      show(made);
      await copy(address(made.url), list.lastElementChild!.querySelector("input")!);
    } catch (error) {
      sayError(error);
    }
  };
  getJson<{ links: Link[] }>(`api/v1/jobs/${job.id}/links`).then(({ links }) => links.forEach(show), sayError);
  const here = h("p", { class: "quiet" }, t`This studio can be reached from this computer only, and so can its links.`);
  here.hidden = !isOnlyHere(location.hostname);
  return [
    h("h3", {}, t`Link`),
    h(
      "p",
      { class: "quiet" },
      job.kind === "film"
        ? t`Whoever has the link sees the film and its title, without signing in, until it ends or you withdraw it. The tags of the film, such as its place, are left out.`
        : t`Whoever has the link sees the picture and its title, without signing in, until it ends or you withdraw it.`,
    ),
    here,
    h(
      "div",
      { class: "share-make" },
      h("label", { class: "field", for: "link-days" }, h("span", {}, t`Valid for`), days),
      h("button", { type: "button", class: "button is-quiet", onclick: () => void make() }, t`Make a link`),
    ),
    list,
  ];
}

function linkRow(job: Job, link: Link): HTMLElement {
  const url = address(link.url);
  const field = h("input", { type: "text", readonly: true, value: url, "aria-label": t`Link until ${when(link.expires)}`, onfocus: () => field.select() });
  const row = h("li", { class: "link-row" }, field, h("span", { class: "quiet" }, t`Until ${when(link.expires)}`));
  const withdraw = async () => {
    try {
      await remove(`api/v1/jobs/${job.id}/links/${link.id}`);
      row.remove();
      say(t`The link shows nothing any more.`);
    } catch (error) {
      sayError(error);
    }
  };
  append(
    row,
    h("button", { type: "button", class: "button is-quiet", onclick: () => void copy(url, field) }, t`Copy`),
    "share" in navigator && iconButton("share", t`Share the link`, () => void handOver({ url, title: job.title })),
    iconButton("trash", t`Withdraw the link`, () => void withdraw()),
  );
  return row;
}

/** Copy a link; without TLS browsers give no clipboard, and it is selected to be copied by hand. */
async function copy(url: string, field: HTMLInputElement): Promise<void> {
  try {
    await navigator.clipboard.writeText(url);
    notice(t`The link is copied.`);
  } catch {
    field.focus();
    field.select();
    say(t`The link is selected, to be copied.`);
  }
}
