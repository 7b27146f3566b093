/** Where the picture lies in the view, and how zooming and panning move it. */

export interface Size {
  width: number;
  height: number;
}

export interface Look {
  /** 1 fits the picture into the view. */
  zoom: number;
  /** How far the picture's middle is from the view's, in pixels. */
  x: number;
  y: number;
}

export interface Place extends Size {
  left: number;
  top: number;
}

/** By how much a key or a button zooms. */
export const STEP = 1.25;

/** By how many pixels the arrow keys move the picture. */
export const PAN: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [60, 0],
  ArrowRight: [-60, 0],
  ArrowUp: [0, 60],
  ArrowDown: [0, -60],
};

/** By how much a turn of the wheel zooms; a pinch on a touchpad comes as one with the control key. */
export function wheelFactor({ deltaY, ctrlKey }: { deltaY: number; ctrlKey: boolean }): number {
  return Math.exp(-deltaY * (ctrlKey ? 0.01 : 0.0015));
}

const MOST = 16;
const clamp = (value: number, least: number, most: number) => Math.min(most, Math.max(least, value));

/** `look` kept to where the picture can be moved: a fitting one stays in the middle, a larger one leaves no wall bare. */
function held(view: Size, picture: Size, look: Look): Look {
  if (look.zoom <= 1) return { zoom: look.zoom, x: 0, y: 0 };
  const { width, height } = scaled(view, picture, look.zoom);
  const reach = (side: number, room: number) => Math.max(0, (side - room) / 2 + padding(view));
  const [across, down] = [reach(width, view.width), reach(height, view.height)];
  return { zoom: look.zoom, x: clamp(look.x, -across, across), y: clamp(look.y, -down, down) };
}

const padding = (view: Size) => (view.width < 600 ? 12 : 28);

function scaled(view: Size, picture: Size, zoom: number): Size {
  const room = 2 * padding(view);
  const scale = zoom * Math.min((view.width - room) / picture.width, (view.height - room) / picture.height);
  return { width: picture.width * scale, height: picture.height * scale };
}

/** Where the picture lies, and the look that puts it there. */
export function layOut(view: Size, picture: Size, asked: Look): { place: Place; look: Look } {
  const look = held(view, picture, asked);
  const { width, height } = scaled(view, picture, look.zoom);
  return { look, place: { width, height, left: (view.width - width) / 2 + look.x, top: (view.height - height) / 2 + look.y } };
}

/** The look after zooming by `factor` around a point of the view, which stays over the same part of the picture. */
export function zoomed(view: Size, picture: Size, look: Look, factor: number, point: { x: number; y: number }): Look {
  const old = layOut(view, picture, look);
  const zoom = clamp(look.zoom * factor, 1, MOST);
  const { look: now, place } = layOut(view, picture, { ...old.look, zoom });
  const [u, v] = [(point.x - old.place.left) / old.place.width, (point.y - old.place.top) / old.place.height];
  return held(view, picture, { zoom, x: now.x + point.x - (place.left + u * place.width), y: now.y + point.y - (place.top + v * place.height) });
}

/** By how much a picture's sides shrink so that it has no more than `most` pixels; 1 where it fits. */
export function fitted(width: number, height: number, most: number): number {
  return Math.min(1, Math.sqrt(most / (width * height)));
}
