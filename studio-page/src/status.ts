/** What happened, said once to ears and shown for a moment. */

import { DetailedError } from "./detailed";
import { h, iconButton } from "./dom";
import { t } from "./language";

const spoken = h("div", { class: "visually-hidden", role: "status", "aria-live": "polite" });
const notices = h("section", { class: "notices", "aria-label": t`Messages` });
/** Errors are read out at once, wherever the keyboard is. */
const alarm = h("div", { class: "visually-hidden", role: "alert" });

export function statusRegion(): HTMLElement[] {
  return [spoken, alarm, notices];
}

/** Where messages are heard and can be clicked: in the dialog that is open, as all else is inert then. */
function toHost(...elements: HTMLElement[]): void {
  const dialog = [...document.querySelectorAll<HTMLDialogElement>("dialog[open]")].at(-1);
  const host = dialog ?? document.body;
  const moved = elements.filter((element) => element.parentElement !== host);
  host.append(...moved);
  dialog?.addEventListener("close", () => document.body.append(...moved), { once: true });
}

/** For screen readers: what the eye sees anyway. */
export function say(text: string): void {
  toHost(spoken);
  spoken.textContent = spoken.textContent === text ? `${text}\u00a0` : text;
}

/** Shown and read out; `link` goes with it, and then it stays until it is closed. */
export function notice(text: string, link?: HTMLAnchorElement): void {
  say(text);
  show(text, "notice", link ? null : 5000, link);
}

/** Shown and read out, with more about it in English. */
export function detailedNotice(text: string, detail: string): void {
  say(text);
  show(text, "notice", 12000, inEnglish(detail));
}

/** Words of the studio, a library or the browser, which are in English whatever the page's language. */
export function inEnglish(detail: string): HTMLElement {
  return h("span", { class: "quiet", lang: "en", dir: "ltr" }, detail);
}

/** What was done, with a button that takes it back for a while. Answers with what removes it. */
export function undoable(text: string, milliseconds: number, takeBack: () => void): void {
  say(text);
  show(text, "notice", milliseconds, h("button", { type: "button", class: "button is-quiet", onclick: takeBack }, t`Undo`));
}

export function sayError(error: unknown): void {
  if (!(error instanceof Error)) return sayError(new DetailedError(t`Something went wrong.`, String(error)));
  const text = error.message;
  const detail = error instanceof DetailedError ? error.detail : "";
  toHost(alarm);
  alarm.textContent = alarm.textContent === text ? `${text}\u00a0` : text;
  show(text, "notice is-error", 12000, detail ? inEnglish(detail) : undefined);
}

function show(text: string, kind: string, milliseconds: number | null, action?: HTMLElement): void {
  const element = h("div", { class: kind }, h("p", {}, text, action && [" ", action]));
  element.append(iconButton("close", t`Close this message`, () => element.remove()));
  toHost(notices);
  notices.replaceChildren(element);
  if (action?.matches("a, button")) action.addEventListener("click", () => element.remove());
  if (milliseconds !== null) window.setTimeout(() => element.remove(), milliseconds);
}
