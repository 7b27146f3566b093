/** A film on the easel: which of its frames is shown, and the painted film, played over it. */

import { h } from "./dom";
import { clock, duration } from "./format";
import { paintTrack } from "./gallery";
import { address } from "./http";
import { isOver } from "./job";
import { showFrame } from "./photo";
import { currentJob, state, watch } from "./state";
import { t } from "./language";

const PAUSE = 200;

/** Chooses the frame that previews are of. */
export function filmBar(): HTMLElement {
  const output = h("output", { class: "quiet", for: "film-frame" });
  const slider = h("input", { type: "range", id: "film-frame", min: "0", step: "any", oninput: () => soon() });
  const element = h("div", { class: "film-bar" }, h("label", { for: "film-frame" }, t`Frame`), slider, output);
  let timer = 0;
  const soon = () => {
    tell();
    window.clearTimeout(timer);
    timer = window.setTimeout(() => void showFrame(Number(slider.value)), PAUSE);
  };
  const tell = () => {
    output.textContent = `${clock(Number(slider.value))} / ${clock(Number(slider.max))}`;
    slider.setAttribute("aria-valuetext", t`${duration(Number(slider.value), 1)} of ${duration(Number(slider.max), 1)}`);
    paintTrack(slider);
  };
  // Arrow keys go on by a frame, page keys by a second: of "any" step there is none.
  slider.addEventListener("keydown", (event) => {
    const facts = state.photo?.film?.facts;
    const forward = document.documentElement.dir === "rtl" ? "ArrowLeft" : "ArrowRight";
    const frame = 1 / (facts?.rate ?? 25);
    const back = forward === "ArrowRight" ? "ArrowLeft" : "ArrowRight";
    const steps: Record<string, number> = { [forward]: frame, ArrowUp: frame, [back]: -frame, ArrowDown: -frame, PageUp: 1, PageDown: -1 };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    slider.value = String(Math.min(Number(slider.max), Math.max(0, Number(slider.value) + step)));
    soon();
  });
  watch(["photo", "onDevice", "jobs", "job", "showing"], () => {
    const film = state.photo?.film;
    element.hidden = !film || state.onDevice || isPlayed() || isPainted();
    if (!film) return;
    slider.max = String(Math.max(0, film.facts.seconds - 1 / film.facts.rate));
    if (document.activeElement !== slider || Number(slider.value) > Number(slider.max)) slider.value = String(film.at);
    tell();
  });
  return element;
}

/** Whether the painted film is there to be played. */
function isPlayed(): boolean {
  const job = state.showing === "job" ? currentJob() : null;
  return job?.kind === "film" && job.result !== null;
}

function isPainted(): boolean {
  const job = state.showing === "job" ? currentJob() : null;
  return job !== null && !isOver(job);
}

/** The painted film, in place of the easel's picture. */
export function player(): HTMLElement {
  const video = h("video", { class: "player", controls: true, playsinline: true, loop: true, preload: "metadata" });
  let played = "";
  watch(["jobs", "job", "showing", "onDevice"], () => {
    const job = isPlayed() ? currentJob() : null;
    const url = job?.result ? address(`${job.result.url}?download=false`) : "";
    document.body.classList.toggle("has-film", url !== "");
    video.hidden = url === "";
    if (job) video.setAttribute("aria-label", t`The painted film ${job.title}`);
    if (url === played) return;
    played = url;
    if (url) {
      if (job?.thumbnail) video.poster = address(job.thumbnail);
      video.src = url;
    } else {
      video.removeAttribute("src");
      video.removeAttribute("poster");
      video.load(); // which ends what is being fetched
    }
  });
  return video;
}
