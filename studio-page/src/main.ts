/** Impasto Studio: puts the page together and opens it. */

import "./styles/fonts.css";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/wall.css";
import "./styles/panel.css";
import "./styles/shelf.css";
import "./styles/compare.css";

import { adminSheet } from "./admin";
import { batchSheet } from "./batchsheet";
import { brushBar } from "./brushbar";
import { comparison } from "./comparison";
import { setOnDevice } from "./device";
import { dock } from "./dock";
import { h } from "./dom";
import { lookControls, startEasel, view } from "./easel";
import { forgetEasel, forgetOthers, restoreMany, restoreMasks, restorePaintings, restorePhoto, startKeeping } from "./easelkeeper";
import { startEstimates } from "./estimate";
import { filmBar, player } from "./film";
import { gallery, readPaintings } from "./gallery";
import { glance } from "./glance";
import { header } from "./header";
import { getJson, readSession, Unreachable, whenSignedOut } from "./http";
import { isOver } from "./job";
import { readHistory, startJobs } from "./jobs";
import { label } from "./label";
import { directionOf, LANGUAGE, t } from "./language";
import { startSending } from "./many";
import { namedStyle } from "./named";
import { startOffline } from "./offline";
import { startPreviews, held } from "./painting";
import { brushwork, fields } from "./panel";
import { partOf } from "./part";
import { listenForPictures, reopenPhoto } from "./photo";
import { applyTheme, remembered, restoreSettings, startRemembering } from "./settings";
import { recall } from "./recall";
import { shareDialog } from "./share";
import { shelf, strip } from "./shelf";
import { signIn } from "./signin";
import { state, update, watch } from "./state";
import { sayError, statusRegion } from "./status";
import type { Capabilities, OfferedStyle } from "./types";
import { startUndo } from "./undo";
import { tray } from "./tray";
import { photoInputs, welcome } from "./welcome";

function build(): void {
  const inputs = photoInputs();
  const wall = h(
    "main",
    { class: "wall", id: "wall" },
    h("div", { class: "easel" }, view, player(), welcome(inputs)),
    filmBar(),
    tray(),
    brushBar(view),
    h("div", { class: "under" }, ...label(), lookControls()),
    strip(),
    ...inputs,
  );
  const panel = h("aside", { class: "panel", "aria-label": t`Paintings and settings` }, h("div", { class: "panel-scroll", tabindex: "-1" }, gallery(glance()), brushwork()), fields(), dock());
  const dialogs = [shelf(), batchSheet(), comparison(), shareDialog(), adminSheet()];
  document.body.append(h("a", { class: "skip", href: "#paintings-title" }, t`To the paintings`), header(), wall, panel, ...dialogs, ...statusRegion());
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
    await forgetOthers(session.user);
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    update({ online: false });
  }
  // The service worker knows these two without a network.
  const [capabilities, { styles }] = await Promise.all([
    getJson<Capabilities>("api/v1/capabilities"),
    getJson<{ styles: OfferedStyle[] }>("api/v1/styles"),
  ]);
  update({ capabilities, styles: styles.map(namedStyle) });
  return state.online;
}

/** What was on the easel when the page was left. */
async function comeBack(): Promise<void> {
  const kept = remembered();
  restoreSettings();
  await readPaintings();
  await restorePaintings();
  const known = (key: string) => state.styles.some(({ name }) => name === key) || state.paintings.some((one) => one.key === key);
  const mix = (kept.mix ?? []).filter(({ key }) => known(key));
  await readHistory();
  const job = kept.job ? state.jobs.get(kept.job) : undefined;
  if (job && !job.deleted && (job.result || !isOver(job))) return recall(job);
  await held(async () => update({ mix }));
  const there = kept.photo ? await reopenPhoto(kept.photo, kept.chosen) : false;
  if (!there) await restorePhoto();
  else if (state.photo?.film) update({ part: partOf(kept.part, state.photo.film.facts) });
  await restoreMasks();
}

let entering: Promise<unknown> | null = null;

/** Sign in over the page, which stays as it is, unless someone else comes in. */
function comeInAgain(): Promise<unknown> {
  const user = state.session?.user;
  entering ??= signIn(t`Your session has ended. Sign in again to go on; nothing is lost.`).then(async (session) => {
    entering = null;
    if (session.user === user) return;
    await forgetEasel();
    location.reload();
  });
  return entering;
}

async function open(): Promise<void> {
  Object.assign(document.documentElement, { lang: LANGUAGE, dir: directionOf(LANGUAGE) });
  document.querySelector("meta[name=description]")?.setAttribute("content", t`Paint a photograph in the manner of a painting, at home.`);
  applyTheme();
  build();
  const device = remembered().onDevice === true;
  whenSignedOut(() => void comeInAgain());
  try {
    if (await arrive()) {
      startJobs();
      startPreviews();
      await restoreMany();
      await comeBack().catch(sayError);
      startSending().catch(sayError);
    } else {
      restoreSettings();
      startPreviews();
      await restorePaintings();
      await restorePhoto();
    }
    startRemembering();
    startKeeping();
    startUndo();
    startEstimates();
    if (device || !state.online) await setOnDevice(true);
  } catch (error) {
    sayError(error);
  }
  document.body.classList.add("is-open");
  // Large files are kept for later once the page has come to rest.
  window.setTimeout(() => void startOffline(), 1500);
}

void open();
