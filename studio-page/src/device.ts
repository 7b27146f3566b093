/** On the device: the network in the browser, and the proof that nothing is sent. */

import { DetailedError } from "./detailed";
import { h, icon } from "./dom";
import { closeWire } from "./http";
import { loadNetwork } from "./pixels/desk";
import { state, update, watch } from "./state";
import { say, sayError } from "./status";
import { t } from "./language";

/** Requests to the studio since the switch was turned on, as the browser reports them. */
let requests = 0;
let since = 0;
/** Descriptions and thumbnails of named styles: fetched, with nothing in the asking. */
const FETCHED = /\/api\/v1\/(styles|capabilities)(\/|$)/;
const observer = typeof PerformanceObserver === "undefined" ? null : new PerformanceObserver((list) => {
  if (!state.onDevice) return;
  const sent = list.getEntries().filter(({ name, startTime }) => startTime >= since && /\/api\//.test(name) && !FETCHED.test(name));
  requests += sent.length;
});

export async function setOnDevice(on: boolean): Promise<void> {
  closeWire(on);
  requests = 0;
  since = performance.now();
  update({ onDevice: on });
  if (!on || state.device.status === "ready" || state.device.status === "loading") return;
  update({ device: { ...state.device, status: "loading", message: "" } });
  try {
    const { styles = [], provider = "" } = await loadNetwork();
    update({ device: { ...state.device, status: "ready", styles, provider } });
    say(t`The network is on this device. Nothing is sent.`);
  } catch (error) {
    const message = error instanceof DetailedError ? error.detail : String(error);
    update({ device: { ...state.device, status: "failed", message } });
    sayError(new DetailedError(t`The network did not start on this device.`, message));
  }
}

export function deviceSwitch(): HTMLElement {
  observer?.observe({ type: "resource", buffered: false });
  const box = h("input", { type: "checkbox", role: "switch", id: "on-device", onchange: () => void setOnDevice(box.checked) });
  const words = h("span", { class: "device-words quiet", id: "device-words" });
  box.setAttribute("aria-describedby", "device-words");
  const element = h(
    "label",
    { class: "switch device", title: t`Paint in this browser; no picture leaves this device` },
    box,
    h("span", { class: "switch-track" }),
    h("span", { class: "device-name" }, icon("shield"), h("span", {}, t`On this device`)),
    words,
  );
  watch(["onDevice", "device", "online", "showing", "busy"], () => {
    box.checked = state.onDevice;
    element.classList.toggle("is-on", state.onDevice);
    words.textContent = tell();
  });
  return element;
}

function tell(): string {
  if (!state.onDevice) return "";
  if (state.device.status === "loading") return t`fetching the network\u2026`;
  if (state.device.status === "failed") return t`did not start`;
  return requests === 0 ? t`nothing is sent` : t`${requests} requests sent`;
}
