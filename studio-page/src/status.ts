/** What happened, said once to ears and shown for a moment. */

import { h, iconButton } from "./dom";
import { t } from "./language";

const spoken = h("div", { class: "visually-hidden", role: "status", "aria-live": "polite" });
const notices = h("div", { class: "notices" });
/** Errors are read out at once, wherever the keyboard is. */
const alarm = h("div", { class: "visually-hidden", role: "alert" });

export function statusRegion(): HTMLElement[] {
  return [spoken, alarm, notices];
}

/** For screen readers: what the eye sees anyway. */
export function say(text: string): void {
  spoken.textContent = spoken.textContent === text ? `${text}\u00a0` : text;
}

/** Shown and read out; `link` goes with it, and then it stays until it is closed. */
export function notice(text: string, link?: HTMLAnchorElement): void {
  say(text);
  show(text, "notice", link ? null : 5000, link);
}

export function sayError(error: unknown): void {
  const text = error instanceof Error ? error.message : String(error);
  alarm.textContent = alarm.textContent === text ? `${text}\u00a0` : text;
  show(text, "notice is-error", 12000);
}

function show(text: string, kind: string, milliseconds: number | null, link?: HTMLAnchorElement): void {
  const element = h("div", { class: kind }, h("p", {}, text, link && [" ", link]));
  element.append(iconButton("close", t`Close this message`, () => element.remove()));
  notices.replaceChildren(element);
  link?.addEventListener("click", () => element.remove());
  if (milliseconds !== null) window.setTimeout(() => element.remove(), milliseconds);
}
