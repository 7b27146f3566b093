/** The photograph's colours under the painting's light, in CIE L*a*b*, as `impasto.imaging` has it. */

import type { Planes } from "./planes";

const RGB_TO_XYZ = [
  [0.412390799, 0.357584339, 0.180480788],
  [0.212639006, 0.715168679, 0.072192315],
  [0.019330819, 0.11919478, 0.950532152],
] as const;
const WHITE = RGB_TO_XYZ.map((row) => row[0] + row[1] + row[2]) as [number, number, number];
const XYZ_TO_RGB = inverse(RGB_TO_XYZ);
const EPSILON = (6 / 29) ** 3;
const SLOPE = (29 / 6) ** 2 / 3;

type Row = readonly [number, number, number];
type Matrix = readonly [Row, Row, Row];

function inverse([[a, b, c], [d, e, f], [g, k, i]]: Matrix): Matrix {
  const determinant = a * (e * i - f * k) - b * (d * i - f * g) + c * (d * k - e * g);
  const rows: [Row, Row, Row] = [
    [e * i - f * k, c * k - b * i, b * f - c * e],
    [f * g - d * i, a * i - c * g, c * d - a * f],
    [d * k - e * g, b * g - a * k, a * e - b * d],
  ];
  return rows.map((row) => row.map((value) => value / determinant)) as unknown as Matrix;
}

const toLight = (value: number) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
const fromLight = (light: number) => (light <= 0.0031308 ? light * 12.92 : 1.055 * light ** (1 / 2.4) - 0.055);
const bend = (value: number) => (value > EPSILON ? Math.cbrt(value) : SLOPE * value + 4 / 29);
const unbend = (value: number) => (value > 6 / 29 ? value ** 3 : (value - 4 / 29) / SLOPE);
const dot = (row: Row, x: number, y: number, z: number) => row[0] * x + row[1] * y + row[2] * z;
const clip = (value: number) => Math.min(1, Math.max(0, value));

/** `painting` with `strength` (0 to 1) of the colours of `photo`, which has its size. */
export function keepColours(painting: Planes, photo: Planes, strength: number): Planes {
  if (strength <= 0) return painting;
  const area = painting.width * painting.height;
  const [P, Q] = [painting.data, photo.data];
  const data = new Float32Array(3 * area);
  for (let i = 0; i < area; i++) {
    const light = dot(RGB_TO_XYZ[1], toLight(P[i]!), toLight(P[i + area]!), toLight(P[i + 2 * area]!));
    const [r, g, b] = [toLight(Q[i]!), toLight(Q[i + area]!), toLight(Q[i + 2 * area]!)];
    const [fx, fy, fz] = RGB_TO_XYZ.map((row, k) => bend(dot(row, r, g, b) / WHITE[k]!)) as [number, number, number];
    const y = bend(light / WHITE[1]);
    const xyz = [unbend(y + fx - fy) * WHITE[0], unbend(y) * WHITE[1], unbend(y - fy + fz) * WHITE[2]] as const;
    for (let channel = 0; channel < 3; channel++) {
      const kept = clip(fromLight(dot(XYZ_TO_RGB[channel]!, xyz[0], xyz[1], xyz[2])));
      const at = channel * area + i;
      data[at] = clip((1 - strength) * P[at]! + strength * kept);
    }
  }
  return { width: painting.width, height: painting.height, data };
}
