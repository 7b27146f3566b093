/** Elements in one expression. Nothing is ever parsed as HTML but the icons of this program. */

type Child = Node | string | null | undefined | false;
type Value = string | number | boolean | null | undefined | ((event: never) => void);
type Props = Record<string, Value>;

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: (Child | Child[])[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) setProperty(element, name, value);
  append(element, ...children);
  return element;
}

function setProperty(element: HTMLElement, name: string, value: Value): void {
  if (value === undefined || value === null || value === false) return;
  if (typeof value === "function") {
    element.addEventListener(name.slice(2), value as EventListener);
  } else if (name === "class") {
    element.className = String(value);
  } else if (name === "value") {
    (element as HTMLInputElement).value = String(value);
  } else if (name === "text") {
    element.textContent = String(value);
  } else {
    element.setAttribute(name, value === true ? "" : String(value));
  }
}

/** The buttons at the end of a row; where there is no room beside its words, below them. */
export function actions(...buttons: Child[]): HTMLElement {
  return h("span", { class: "queue-actions" }, ...buttons);
}

export function append(parent: Element, ...children: (Child | Child[])[]): void {
  for (const child of children.flat()) if (child) parent.append(child);
}

export function fill(parent: Element, ...children: (Child | Child[])[]): void {
  parent.replaceChildren();
  append(parent, ...children);
}

const PATHS = {
  close: "M6 6l12 12M18 6L6 18",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  fit: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  brush: "M20 4c-5 2-9 6-11 10l2 2c4-2 7-6 9-12zM8 15c-2 0-3 2-3 3 0 1-1 2-2 2 3 1 8 0 7-3z",
  camera: "M4 8h4l2-3h4l2 3h4v11H4zM12 17a4 4 0 100-8 4 4 0 000 8z",
  picture: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 9.5h.01",
  columns: "M4 5h7v14H4zM13 5h7v14h-7z",
  folder: "M3 6h6l2 2h10v11H3z",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  pause: "M9 5v14M15 5v14",
  play: "M7 5l12 7-12 7z",
  people: "M9 11a3 3 0 100-6 3 3 0 000 6zM3 19c0-3 3-5 6-5s6 2 6 5M15.5 5a3 3 0 010 6M17 14c2.4.6 4 2.4 4 5",
  leave: "M10 4H5v16h5M14 8l4 4-4 4M9 12h9",
  share: "M12 15V4M8 8l4-4 4 4M6 12H5v8h14v-8h-1",
  stop: "M6 6h12v12H6z",
  eraser: "M8 20h12M5 15l9-9 5 5-8 8H8zM10 10l5 5",
  undo: "M9 7L4 12l5 5M4 12h10a6 6 0 010 8h-2",
  redo: "M15 7l5 5-5 5M20 12H10a6 6 0 000 8h2",
  sun: "M12 8a4 4 0 100 8 4 4 0 000-8zM12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M19 5l-2 2M7 17l-2 2",
  moon: "M20 14A8 8 0 1110 4a7 7 0 0010 10z",
  auto: "M12 4a8 8 0 100 16zM12 4a8 8 0 010 16",
  grid: "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z",
  globe: "M12 3a9 9 0 100 18 9 9 0 000-18zM3 12h18M12 3c-5 6-5 12 0 18M12 3c5 6 5 12 0 18",
  eye: "M2 12c3-5 6-7 10-7s7 2 10 7c-3 5-6 7-10 7s-7-2-10-7zM12 15a3 3 0 100-6 3 3 0 000 6z",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  reload: "M19 8a8 8 0 10 1 6M20 4v5h-5",
  compare: "M12 3v18M9 7H4v10h5M15 7h5v10h-5",
  star: "M12 4l2.4 5 5.6.6-4.2 3.8 1.2 5.6-5-2.9-5 2.9 1.2-5.6L4 9.6 9.6 9z",
  begin: "M14 5H8v14h6",
  finish: "M10 5h6v14h-6",
  sides: "M9 7l-5 5 5 5M15 7l5 5-5 5",
  shield: "M12 3l8 3v6c0 5-4 8-8 9-4-1-8-4-8-9V6z",
} as const;

export type IconName = keyof typeof PATHS;

const SVG = "http://www.w3.org/2000/svg";

export function icon(name: IconName): SVGElement {
  const drawn = svg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true", class: "icon" });
  drawn.append(svg("path", { d: PATHS[name] }));
  return drawn;
}

/** A button with an icon alone; its label is read out and shown as a tip. */
export function iconButton(name: IconName, label: string, onclick: () => void, props: Props = {}): HTMLButtonElement {
  return h("button", { type: "button", class: "icon-button", "aria-label": label, title: label, onclick, ...props }, icon(name));
}

export function svg(tag: string, attributes: Record<string, string | number>): SVGElement {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}
