/** The door: a token, where the studio asks for one. */

import { h } from "./dom";
import { postJson, readSession } from "./http";
import { update } from "./state";
import type { Session } from "./types";
import { t } from "./language";

/** Ask until the token is right; `why`: what is said above it. */
export function signIn(why = t`Enter the token from the operator of this studio.`): Promise<Session> {
  return new Promise((resolve) => {
    const token = h("input", { type: "password", id: "token", autocomplete: "current-password", required: true });
    const wrong = h("p", { class: "is-wrong", role: "alert" });
    const form = h(
      "form",
      {
        method: "dialog",
        onsubmit: (event: SubmitEvent) => {
          event.preventDefault();
          void enter();
        },
      },
      h("h2", {}, t`Sign in`),
      h("p", { class: "quiet" }, why),
      h("label", { class: "field", for: "token" }, h("span", {}, t`Token`), token),
      wrong,
      h("button", { type: "submit", class: "button is-main wide" }, t`Come in`),
    );
    const dialog = h("dialog", { class: "door", "aria-label": t`Sign in` }, form);
    const enter = async () => {
      try {
        await postJson("api/v1/session", { token: token.value });
        const session = await readSession();
        update({ session });
        dialog.close();
        dialog.remove();
        resolve(session);
      } catch (error) {
        wrong.textContent = error instanceof Error ? error.message : String(error);
        token.select();
      }
    };
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    document.body.append(dialog);
    dialog.showModal();
    token.focus();
  });
}
