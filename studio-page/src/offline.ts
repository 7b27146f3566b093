/** The page as an app that opens without a network: its service worker, and what that keeps. */

import { BASE } from "./http";
import { MODELS } from "./pixels/desk";
import { state, update } from "./state";

export async function startOffline(): Promise<void> {
  if (!("serviceWorker" in navigator) || import.meta.env.DEV) return;
  try {
    await navigator.serviceWorker.register(new URL("sw.js", BASE), { scope: BASE.pathname });
    const registration = await navigator.serviceWorker.ready;
    const saving = (navigator as { connection?: { saveData?: boolean } }).connection?.saveData;
    if (saving || !state.online) return;
    const thumbnails = state.styles.flatMap(({ thumbnail }) => thumbnail ?? []);
    const channel = new MessageChannel();
    channel.port1.onmessage = (event: MessageEvent<boolean>) => {
      if (event.data) update({ offlineReady: true });
      channel.port1.close();
    };
    registration.active?.postMessage({ keep: [...MODELS, ...thumbnails], gpu: "gpu" in navigator }, [channel.port2]);
  } catch (error) {
    console.warn("The page will not open offline", error); // no secure context, or none wanted
  }
}
