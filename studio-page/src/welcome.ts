/** The empty easel: the ways a photograph gets there. */

import { h, icon, iconButton } from "./dom";
import { PICTURES_AND_FILMS, picturesOf } from "./dropped";
import { openPhoto, takePictures } from "./photo";
import { sayError } from "./status";
import { state, watch } from "./state";
import { t } from "./language";

/** What opens the system's dialog, for files or for a whole folder. */
export function photoInputs(): HTMLInputElement[] {
  return [chooser("photo-file", t`Photographs`, { accept: PICTURES_AND_FILMS, multiple: true }), chooser("photo-folder", t`A folder of photographs`, { webkitdirectory: true })];
}

function chooser(id: string, label: string, props: Record<string, string | boolean>): HTMLInputElement {
  const input = h("input", {
    type: "file",
    id,
    class: "visually-hidden",
    tabindex: "-1",
    "aria-label": label,
    onchange: () => {
      const found = [...(input.files ?? [])].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
      input.value = "";
      void takePictures(picturesOf(found), t`what was chosen`);
    },
    ...props,
  });
  return input;
}

export function welcome([file, folder]: HTMLInputElement[]): HTMLElement {
  const camera = h("button", { type: "button", class: "button is-quiet", onclick: () => void takePicture() }, icon("camera"), h("span", {}, t`Take a picture`));
  camera.hidden = !navigator.mediaDevices?.getUserMedia;
  const wholeFolder = h("button", { type: "button", class: "button is-quiet", onclick: () => folder?.click() }, icon("folder"), h("span", {}, t`Choose a folder`));
  wholeFolder.hidden = !("webkitdirectory" in HTMLInputElement.prototype) || matchMedia("(pointer: coarse)").matches;
  const element = h(
    "div",
    { class: "welcome" },
    h("p", { class: "welcome-title" }, t`Start with a photograph`),
    h("p", { class: "quiet" }, t`Drop it here, or several, a folder or a film; paste it, or`),
    h(
      "div",
      { class: "row is-centred" },
      h("button", { type: "button", class: "button is-main", onclick: () => file?.click() }, icon("picture"), h("span", {}, t`Choose photographs`)),
      wholeFolder,
      camera,
    ),
  );
  watch(["photo"], () => (element.hidden = state.photo !== null));
  return element;
}

/** A picture by the camera, as the viewfinder shows it. */
async function takePicture(): Promise<void> {
  let stream: MediaStream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1920 } } });
  } catch (error) {
    const refused = error instanceof DOMException && error.name === "NotAllowedError";
    return sayError(new Error(refused ? t`The browser does not let this page use the camera.` : t`No camera was found.`));
  }
  const video = h("video", { playsinline: true, muted: true, autoplay: true, "aria-label": t`What the camera sees` });
  video.muted = true;
  video.srcObject = stream;
  const dialog = h("dialog", { class: "camera", "aria-label": t`Take a picture` });
  const shoot = h("button", { type: "button", class: "button is-main", onclick: () => void keep() }, icon("camera"), h("span", {}, t`Take it`));
  const keep = async () => {
    const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
    canvas.getContext("2d")!.drawImage(video, 0, 0);
    const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.95 });
    dialog.close();
    await openPhoto(blob, "Camera.jpg");
  };
  dialog.append(video, h("div", { class: "row is-centred" }, shoot, iconButton("close", t`Close the camera`, () => dialog.close())));
  dialog.addEventListener("close", () => {
    for (const track of stream.getTracks()) track.stop();
    dialog.remove();
  });
  document.body.append(dialog);
  dialog.showModal();
  shoot.focus();
}
