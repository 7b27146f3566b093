/** Impasto Studio: puts the page together and opens it. */

import "./styles/fonts.css";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/wall.css";
import "./styles/panel.css";
import "./styles/shelf.css";

import { brushBar } from "./brushbar";
import { setOnDevice } from "./device";
import { dock } from "./dock";
import { h } from "./dom";
import { lookControls, startEasel, view } from "./easel";
import { gallery, readPaintings } from "./gallery";
import { header } from "./header";
import { getJson, readSession, Unreachable, whenSignedOut } from "./http";
import { isOver } from "./job";
import { readHistory, startJobs } from "./jobs";
import { label } from "./label";
import { LANGUAGE, t } from "./language";
import { startOffline } from "./offline";
import { startPreviews, held } from "./painting";
import { brushwork, fields } from "./panel";
import { listenForPictures, reopenPhoto } from "./photo";
import { applyTheme, remembered, restoreSettings, startRemembering } from "./settings";
import { recall, shelf, strip } from "./shelf";
import { signIn } from "./signin";
import { state, update, watch } from "./state";
import { sayError, statusRegion } from "./status";
import type { Capabilities, Style } from "./types";
import { photoInput, welcome } from "./welcome";

function build(): void {
  const input = photoInput();
  const wall = h(
    "main",
    { class: "wall", id: "wall" },
    h("div", { class: "easel" }, view, welcome(input)),
    brushBar(view),
    h("div", { class: "under" }, ...label(), lookControls()),
    strip(),
    input,
  );
  const panel = h("aside", { class: "panel", "aria-label": t`Paintings and settings` }, h("div", { class: "panel-scroll", tabindex: "-1" }, gallery(), brushwork()), fields(), dock());
  document.body.append(h("a", { class: "skip", href: "#paintings-title" }, t`To the paintings`), header(), wall, panel, shelf(), ...statusRegion());
  watch(["photo", "showing", "offlineReady"], () => {
    document.body.classList.toggle("is-kept", state.offlineReady);
    document.body.classList.toggle("has-photo", state.photo !== null);
    document.body.classList.toggle("has-painting", state.showing !== "nothing");
  });
  startEasel();
  listenForPictures(document.body);
}

/** Who we are, what there is; false where the studio does not answer and only the device is left. */
async function arrive(): Promise<boolean> {
  try {
    let session = await readSession();
    update({ session, online: true });
    if (session.required && !session.authenticated) session = await signIn();
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    update({ online: false });
  }
  // The service worker knows these two without a network.
  const [capabilities, { styles }] = await Promise.all([
    getJson<Capabilities>("api/v1/capabilities"),
    getJson<{ styles: Style[] }>("api/v1/styles"),
  ]);
  update({ capabilities, styles });
  return state.online;
}

/** What was on the easel when the page was left. */
async function comeBack(): Promise<void> {
  const kept = remembered();
  restoreSettings();
  await readPaintings();
  const known = (key: string) => state.styles.some(({ name }) => name === key) || state.paintings.some((one) => one.key === key);
  const mix = (kept.mix ?? []).filter(({ key }) => known(key));
  await readHistory();
  const job = kept.job ? state.jobs.get(kept.job) : undefined;
  if (job && (job.result || !isOver(job))) return recall(job);
  await held(async () => update({ mix }));
  if (kept.photo) await reopenPhoto(kept.photo);
}

async function open(): Promise<void> {
  document.documentElement.lang = LANGUAGE;
  applyTheme();
  build();
  const device = remembered().onDevice === true;
  whenSignedOut(() => location.reload());
  try {
    if (await arrive()) {
      startJobs();
      startPreviews();
      await comeBack().catch(sayError);
    } else {
      restoreSettings();
      startPreviews();
    }
    startRemembering();
    if (device || !state.online) await setOnDevice(true);
  } catch (error) {
    sayError(error);
  }
  document.body.classList.add("is-open");
  // Large files are kept for later once the page has come to rest.
  window.setTimeout(() => void startOffline(), 1500);
}

void open();
