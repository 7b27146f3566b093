/** The label on the wall beside the picture: what hangs there, after whom, how large; and what to do with it. */

import { compare } from "./comparison";
import { shownPicture, shownSize } from "./easel";
import { fill, h, icon, iconButton, type IconName } from "./dom";
import { address, postJson } from "./http";
import { isDraft, isOver, reason } from "./job";
import { pictures, track, untilOver } from "./jobs";
import { INPUTS } from "./masks";
import { withParameters } from "./pixels/png";
import { openShare } from "./share";
import { currentJob, findPainting, findStyle, shares, state, titleOf, update, watch } from "./state";
import { notice, sayError } from "./status";
import type { Job } from "./types";
import { duration, list, listed, STATUS, withoutSuffix } from "./format";
import { LANGUAGE, pieces, t } from "./language";

let kind = "png";

export function label(): HTMLElement[] {
  const title = h("p", { class: "label-title" });
  const after = h("p", { class: "label-after" });
  const facts = h("p", { class: "label-facts quiet" });
  const actions = h("div", { class: "label-actions" });
  watch(["photo", "mix", "showing", "job", "jobs", "busy", "styles", "paintings"], () => {
    title.textContent = state.photo ? withoutSuffix(state.photo.name) : "";
    fill(after, ...manner());
    facts.textContent = words();
    facts.classList.toggle("is-wrong", state.showing === "job" && currentJob()?.status === "failed");
  });
  let offered = "";
  watch(["photo", "showing", "job", "jobs", "capabilities", "onDevice"], () => {
    const job = state.showing === "job" ? currentJob() : null;
    const now = [state.photo?.name, state.showing, state.onDevice, job?.id, job?.status, job?.explanation, job?.result?.url, state.capabilities?.version, explaining.has(job?.id ?? ""), pictures().length > 1].join("|");
    if (now === offered) return;
    offered = now;
    fill(actions, ...offers(job));
  });
  return [h("div", { class: "label" }, title, after, facts), actions];
}

function manner(): (Node | string)[] {
  if (!state.photo || state.showing === "nothing" || state.mix.length === 0) return [];
  const parts = state.mix.map(({ key }) => {
    const style = findStyle(key);
    return { title: style?.title ?? findPainting(key)?.name ?? key, artist: style?.artist };
  });
  const named = parts.map(({ title, artist }) => {
    const cited = h("cite", {}, title);
    return artist && parts.length < 3 ? h("span", {}, ...pieces<Node | string>`${cited} by ${artist}`) : cited;
  });
  return pieces<Node>`after ${h("span", {}, ...listed<Node>(named))}`;
}

function words(): string {
  const { photo } = state;
  if (!photo) return "";
  const job = state.showing === "job" ? currentJob() : null;
  if (job?.status === "failed") return reason(job).text;
  if (job?.result) {
    const { width, height, seconds, partial, length } = job.result;
    const time = duration(seconds);
    if (length != null) return t`A film of ${duration(length)}, ${width} \u00d7 ${height} pixels, painted in ${time}`;
    if (partial) return t`${width} \u00d7 ${height} pixels, cut short after ${time}`;
    return isDraft(job) ? t`${width} \u00d7 ${height} pixels, a draft, painted in ${time}` : t`${width} \u00d7 ${height} pixels, painted in ${time}`;
  }
  if (job) {
    const status = STATUS[job.status] ?? job.status;
    if (job.kind === "film") return job.progress?.steps ? t`${status}, frame ${job.progress.step} of ${job.progress.steps}` : status;
    return job.progress ? t`${status}, ${job.progress.width} \u00d7 ${job.progress.height} so far` : status;
  }
  if (state.busy) return `${state.busy}\u2026`;
  if (state.showing === "preview") {
    const [width, height] = shownSize();
    return t`${width} \u00d7 ${height} pixels, ${state.onDevice ? onDevice() : t`a preview`}`;
  }
  if (photo.film) return t`A film of ${duration(photo.film.facts.seconds)}, ${photo.width} \u00d7 ${photo.height} pixels`;
  return t`The photograph, ${photo.width} \u00d7 ${photo.height} pixels`;
}

function onDevice(): string {
  const { milliseconds, provider } = state.device;
  if (milliseconds === null) return t`painted on this device`;
  const time = duration(milliseconds / 1000, 1);
  return provider === "webgpu" ? t`painted on this device in ${time} by WebGPU` : t`painted on this device in ${time}`;
}

function offers(job: Job | null): HTMLElement[] {
  if (!state.photo) return [];
  const made: HTMLElement[] = [];
  if (job?.result) made.push(job.kind === "film" ? downloadFilm(job) : download(job));
  else if (state.showing === "preview") made.push(keepPreview());
  const isPicture = job?.result && job.kind === "painting";
  const isLinked = job?.result && job.kind === "film" && state.capabilities?.limits.link_days;
  if (isPicture || isLinked) made.push(button("share", t`Share`, () => openShare(job)));
  const inside = isPicture ? explanation(job) : null;
  if (inside) made.push(inside);
  if (isPicture && pictures().length > 1) made.push(iconButton("columns", t`Compare with other results`, () => compare(job)));
  made.push(iconButton("picture", t`Another photograph`, () => document.querySelector<HTMLInputElement>("#photo-file")?.click()));
  const left = inside && job ? untold(job) : "";
  if (inside && left) {
    made.push(h("p", { id: UNTOLD, class: "label-untold quiet" }, left));
    inside.setAttribute("aria-describedby", UNTOLD);
  }
  return made;
}

function button(name: IconName, text: string, onclick: () => void): HTMLElement {
  return h("button", { type: "button", class: "button is-quiet", onclick }, icon(name), h("span", {}, text));
}

/** The result as a file in the format chosen last. */
export function resultAddress(job: Job): string {
  return address(`${job.result!.url}?format=${kind}`);
}

/** The picture with its recipe inside, in the format asked for. */
function download(job: Job): HTMLElement {
  const link = h("a", { class: "button is-main is-joined", download: "" }, icon("download"), h("span", {}, t`Download`));
  const formats = state.capabilities?.formats ?? [kind];
  const select = h(
    "select",
    { "aria-label": t`File format`, class: "is-joined", onchange: () => ((kind = select.value), aim()) },
    formats.map((format) => h("option", { value: format, selected: format === kind }, format.toUpperCase())),
  );
  const aim = () => (link.href = resultAddress(job));
  aim();
  return h("div", { class: "joined" }, link, select);
}

/** The film, as the studio painted it. */
function downloadFilm(job: Job): HTMLElement {
  return h("a", { class: "button is-main", download: "", href: address(job.result!.url) }, icon("download"), h("span", {}, t`Download`));
}

/** The preview as a file, saying inside how it was made, as `impasto fast` does. */
function keepPreview(): HTMLElement {
  return button("download", t`Keep this`, () => {
    void shownPicture("image/png").then((blob) => {
      const url = URL.createObjectURL(withParameters(blob, recipe()));
      h("a", { href: url, download: `${withoutSuffix(state.photo?.name ?? "picture")} ${list(state.mix.map(({ key }) => titleOf(key)))}.png` }).click();
      window.setTimeout(() => URL.revokeObjectURL(url), 10_000);
    }, sayError);
  });
}

/** A job of a fast network, as `impasto fast` stores it in its pictures. */
function recipe(): object {
  const mix = shares();
  const options = {
    size: Math.max(...shownSize()),
    strength: state.strength,
    stroke_size: state.strokeSize,
    keep_color: state.keepColor > 0,
    style_weights: mix.length > 1 ? mix.map(({ weight }) => weight) : [],
    model: null,
    device: "cpu",
  };
  const content = state.photo?.name ?? null;
  return { impasto: state.capabilities?.version ?? null, engine: "fast", content, styles: mix.map(({ key }) => findPainting(key)?.name ?? key), options };
}

const explaining = new Set<string>();
const UNTOLD = "untold-words";
const INSIDE = t`A page that explains this painting, with these settings, at 448 pixels`;

/** What the page leaves out, which tells of one painting and of the whole photograph: explained.py. */
function untold({ request }: Job): string {
  const main = request.styles.reduce((most, style) => ((style.weight ?? 1) > (most.weight ?? 1) ? style : most));
  const title = main.name ? titleOf(main.name) : (state.paintings.find(({ id }) => id === main.picture)?.name ?? t`one painting`);
  const masked = INPUTS.some(({ key }) => request[key]) || request.styles.some(({ mask }) => mask);
  if (request.styles.length > 1) {
    return masked ? t`\u201cLook inside\u201d tells of ${title} alone, and not of masks.` : t`\u201cLook inside\u201d tells of ${title} alone.`;
  }
  return masked ? t`\u201cLook inside\u201d does not tell of masks.` : "";
}

/** The page about how the picture came to be: there, or to be made. */
function explanation(job: Job): HTMLElement {
  if (job.explanation) {
    const link = pageLink(job, icon("eye"), h("span", {}, t`Look inside`));
    link.className = "button is-quiet";
    link.title = INSIDE;
    return link;
  }
  if (explaining.has(job.id)) return h("span", { class: "button is-quiet", "aria-disabled": "true" }, icon("eye"), h("span", {}, t`Looking inside\u2026`));
  const look = button("eye", t`Look inside`, () => void explain(job));
  look.title = INSIDE;
  return look;
}

function pageLink(job: Job, ...children: (Node | string)[]): HTMLAnchorElement {
  return h("a", { href: address(`api/v1/jobs/${job.id}/explanation?language=${LANGUAGE}`), hreflang: LANGUAGE, target: "_blank", rel: "noopener" }, children);
}

async function explain(job: Job): Promise<void> {
  explaining.add(job.id);
  update({ jobs: new Map(state.jobs) });
  try {
    const made = await postJson<Job>(`api/v1/jobs/${job.id}/explanation`);
    track(made);
    if (!isOver(made)) await untilOver(made.id, () => false);
    if (state.jobs.get(made.id)?.status !== "done") return; // cancelled, or deleted with its picture
    const now = state.jobs.get(job.id);
    if (now && !now.explanation) track({ ...now, explanation: `api/v1/jobs/${job.id}/explanation` });
    notice(t`The page about this picture is ready.`, pageLink(job, t`Open it`));
  } catch (error) {
    sayError(error);
  } finally {
    explaining.delete(job.id);
    update({ jobs: new Map(state.jobs) });
  }
}
