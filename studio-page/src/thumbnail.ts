/** A job's picture, small. */

import { h } from "./dom";
import { address } from "./http";
import type { Job } from "./types";

export function thumbnail(job: Job): HTMLElement {
  const source = job.thumbnail ?? job.preview;
  return source ? h("img", { src: address(source), alt: "", loading: "lazy", decoding: "async" }) : h("span", { class: "blank" });
}
