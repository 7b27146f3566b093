/** What happened, said once to ears and shown for a moment. */

import { h, iconButton } from "./dom";

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

/** Shown and read out. */
export function notice(text: string): void {
  say(text);
  show(text, "notice", 5000);
}

export function sayError(error: unknown): void {
  if (error instanceof DOMException && error.name === "AbortError") return;
  const text = error instanceof Error ? error.message : String(error);
  alarm.textContent = alarm.textContent === text ? `${text}\u00a0` : text;
  show(text, "notice is-error", 12000);
}

function show(text: string, kind: string, milliseconds: number): void {
  const element = h("div", { class: kind }, h("p", {}, text));
  element.append(iconButton("close", "Close this message", () => element.remove()));
  notices.replaceChildren(element);
  window.setTimeout(() => element.remove(), milliseconds);
}
