/** The head of the page. */

import { adminButton } from "./admin";
import { deviceSwitch } from "./device";
import { fill, h, icon, iconButton, type IconName } from "./dom";
import { forgetEasel } from "./easelkeeper";
import { signOut } from "./http";
import { setTheme, theme, type Theme } from "./settings";
import { shelfButton } from "./shelf";
import { state, watch } from "./state";
import { say, sayError } from "./status";
import { chosenLanguage, chooseLanguage, LANGUAGE, LANGUAGES, ownName, t } from "./language";

const THEMES: Record<Theme, { icon: IconName; words: string; next: Theme }> = {
  auto: { icon: "auto", words: t`Theme of the system`, next: "light" },
  light: { icon: "sun", words: t`Light theme`, next: "dark" },
  dark: { icon: "moon", words: t`Dark theme`, next: "auto" },
};

function themeButton(): HTMLElement {
  const button = iconButton("auto", "", () => {
    setTheme(THEMES[theme()].next);
    draw();
    say(THEMES[theme()].words);
  });
  const draw = () => {
    const now = THEMES[theme()];
    fill(button, icon(now.icon));
    button.setAttribute("aria-label", t`Theme: ${now.words}`);
    button.title = now.words;
  };
  draw();
  return button;
}

/** Another language is taken up by loading the page again, which brings back what is on the easel. */
function languageSelect(): HTMLElement {
  const chosen = chosenLanguage();
  const names = Object.keys(LANGUAGES).sort();
  const select = h(
    "select",
    { id: "language", "aria-label": t`Language`, title: t`Language`, onchange: () => (chooseLanguage(select.value || null), location.reload()) },
    h("option", { value: "", selected: chosen === null }, t`Language of the browser`),
    names.map((name) => h("option", { value: name, lang: name, selected: name === chosen }, ownName(name))),
  );
  return h("span", { class: "language" }, icon("globe"), h("span", { class: "language-code", "aria-hidden": "true" }, LANGUAGE.toUpperCase()), select);
}

async function leaveStudio(): Promise<void> {
  try {
    await signOut();
    await forgetEasel();
    location.reload();
  } catch (error) {
    sayError(error);
  }
}

function leave(): HTMLElement {
  const button = h("button", { type: "button", class: "header-button", title: t`Sign out`, onclick: () => void leaveStudio() }, icon("leave"), h("span", { class: "header-words" }, t`Sign out`));
  watch(["session", "onDevice"], () => (button.hidden = !state.session?.required || !state.session.authenticated || state.onDevice));
  return button;
}

function connection(): HTMLElement {
  const element = h("p", { class: "away", role: "status" });
  watch(["online", "onDevice"], () => {
    element.hidden = state.online || state.onDevice;
    element.textContent = element.hidden ? "" : t`The studio does not answer; trying again.`;
  });
  return element;
}

export function header(): HTMLElement {
  return h(
    "header",
    { class: "header" },
    h("h1", { class: "wordmark" }, "Impasto"),
    connection(),
    h("span", { class: "grow" }),
    deviceSwitch(),
    adminButton(),
    shelfButton(),
    languageSelect(),
    themeButton(),
    leave(),
  );
}
