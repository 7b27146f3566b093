/** A film on the easel: which of its frames is shown, which part of it is painted, and the painted film, played over it. */

import { h, iconButton } from "./dom";
import { duration, moment } from "./format";
import { paintTrack } from "./gallery";
import { address } from "./http";
import { isOver } from "./job";
import { endAfter, lastFrame, readPart, readTime, startAt, type Part } from "./part";
import { showFrame } from "./photo";
import { currentJob, state, update, watch } from "./state";
import { t } from "./language";

const PAUSE = 200;

/** Chooses the frame that previews are of. */
export function filmBar(): HTMLElement {
  const output = h("output", { class: "quiet", for: "film-frame" });
  const slider = h("input", { type: "range", id: "film-frame", min: "0", step: "any", oninput: () => soon() });
  const element = h("div", { class: "film-bar" }, h("label", { for: "film-frame" }, t`Frame`), slider, output, partFields());
  let timer = 0;
  const soon = () => {
    tell();
    window.clearTimeout(timer);
    timer = window.setTimeout(() => void showFrame(Number(slider.value)), PAUSE);
  };
  // Of a short film, tenths: else the time would stand still while the picture moves.
  const shown = (seconds: string) => moment(Number(slider.max) < 60 ? Math.round(10 * Number(seconds)) / 10 : Math.floor(Number(seconds)));
  const tell = () => {
    output.textContent = `${shown(slider.value)} / ${shown(slider.max)}`;
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

/** Chooses the part that is painted, by its start and its end; the frame on the easel follows. */
function partFields(): HTMLElement {
  const wrong = h("p", { class: "is-wrong", id: "part-wrong", role: "alert" });
  const output = h("output", { class: "quiet", for: "part-start part-end" });
  const field = (name: keyof Part) =>
    h("input", {
      type: "text",
      id: `part-${name}`,
      class: "time-field",
      autocomplete: "off",
      spellcheck: "false",
      onchange: () => read(name),
      onkeydown: (event: KeyboardEvent) => step(event, name),
    });
  const [start, end] = [field("start"), field("end")];

  const mark = (input: HTMLInputElement, isWrong: boolean) => {
    input.setAttribute("aria-invalid", String(isWrong));
    if (isWrong) input.setAttribute("aria-describedby", wrong.id);
    else input.removeAttribute("aria-describedby");
  };
  const show = () => {
    const facts = state.photo?.film?.facts;
    if (!facts || state.partWrong) return;
    start.value = moment(state.part.start ?? 0);
    end.value = moment(state.part.end ?? facts.seconds);
  };
  const read = (changed: keyof Part) => {
    const facts = state.photo?.film?.facts;
    if (!facts) return;
    const found = readPart(start.value, end.value, facts);
    const isWrong = "wrong" in found;
    for (const [name, input] of [["start", start], ["end", end]] as const) {
      const here = isWrong && found.field === name;
      mark(input, here);
    }
    if (isWrong) return update({ partWrong: found.wrong });
    update({ part: found, partWrong: "" });
    show();
    void showFrame(changed === "start" ? (found.start ?? 0) : lastFrame(found, facts));
  };
  const set = (name: keyof Part, time: number) => {
    (name === "start" ? start : end).value = moment(time);
    read(name);
  };
  const step = (event: KeyboardEvent, name: keyof Part) => {
    const facts = state.photo?.film?.facts;
    const time = readTime((name === "start" ? start : end).value);
    const seconds: Record<string, number> = { ArrowUp: 1 / (facts?.rate ?? 25), ArrowDown: -1 / (facts?.rate ?? 25), PageUp: 1, PageDown: -1 };
    const by = seconds[event.key];
    if (!facts || time === null || by === undefined) return;
    event.preventDefault();
    const next = Math.min(facts.seconds, Math.max(0, time + by));
    set(name, next < facts.seconds ? startAt(next, facts) : next);
  };
  watch(["photo", "part", "partWrong"], () => {
    wrong.textContent = state.partWrong;
    const facts = state.photo?.film?.facts;
    if (!facts) return;
    const { part } = state;
    output.textContent = part.start === null && part.end === null ? t`all of it` : t`${duration((part.end ?? facts.seconds) - (part.start ?? 0), 1)} of ${duration(facts.seconds, 1)}`;
    if (!state.partWrong) for (const input of [start, end]) mark(input, false);
    show();
  });
  const here = (name: keyof Part) => {
    const film = state.photo?.film;
    if (film) set(name, name === "start" ? startAt(film.at, film.facts) : Math.min(film.facts.seconds, endAfter(film.at, film.facts)));
  };
  return h(
    "div",
    { class: "film-part", role: "group", "aria-label": t`Part of the film` },
    h("div", { class: "film-time" }, h("label", { for: start.id }, t`Start`), start, iconButton("begin", t`Start with this frame`, () => here("start"))),
    h("div", { class: "film-time" }, h("label", { for: end.id }, t`End`), end, iconButton("finish", t`End after this frame`, () => here("end"))),
    output,
    wrong,
  );
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
