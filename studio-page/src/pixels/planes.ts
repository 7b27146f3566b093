/** Pictures as the network takes them: three planes of float32 in [0, 1], one after the other. */

export interface Planes {
  width: number;
  height: number;
  /** 3 x height x width. */
  data: Float32Array;
}

/** The planes of an opaque picture; what shows through a transparent one is white. */
export function toPlanes(image: ImageData): Planes {
  const { width, height, data } = image;
  const area = width * height;
  const planes = new Float32Array(3 * area);
  for (let pixel = 0; pixel < area; pixel++) {
    const alpha = data[4 * pixel + 3]! / 255;
    for (let channel = 0; channel < 3; channel++) {
      planes[channel * area + pixel] = (data[4 * pixel + channel]! / 255) * alpha + (1 - alpha);
    }
  }
  return { width, height, data: planes };
}

export function toImage(planes: Planes): ImageData {
  const { width, height, data } = planes;
  const area = width * height;
  const bytes = new Uint8ClampedArray(4 * area); // clamps and rounds
  for (let pixel = 0; pixel < area; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      bytes[4 * pixel + channel] = data[channel * area + pixel]! * 255;
    }
    bytes[4 * pixel + 3] = 255;
  }
  return new ImageData(bytes, width, height);
}

/** The size with these proportions whose long side is `side`; halves are rounded up. */
export function fit(width: number, height: number, side: number): [number, number] {
  const longest = Math.max(width, height);
  const scaled = (length: number) => Math.max(1, Math.floor((2 * length * side + longest) / (2 * longest)));
  return [scaled(width), scaled(height)];
}

const LOBES = 3;

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

interface Taps {
  first: Int32Array;
  weights: Float64Array[];
}

/** For each output sample, the input samples it is made of: the filter Pillow has, widened when shrinking. */
function lanczos(from: number, to: number): Taps {
  const scale = from / to;
  const widening = Math.max(scale, 1);
  const support = LOBES * widening;
  const first = new Int32Array(to);
  const weights: Float64Array[] = [];
  for (let sample = 0; sample < to; sample++) {
    const centre = (sample + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - support + 0.5));
    const end = Math.min(from, Math.trunc(centre + support + 0.5));
    const taps = new Float64Array(end - start);
    let sum = 0;
    for (let index = 0; index < taps.length; index++) {
      const x = (start + index - centre + 0.5) / widening;
      const weight = Math.abs(x) < LOBES ? sinc(x) * sinc(x / LOBES) : 0;
      taps[index] = weight;
      sum += weight;
    }
    first[sample] = start;
    weights.push(taps.map((weight) => weight / sum));
  }
  return { first, weights };
}

/** `impasto.imaging.resize` again: Lanczos on the encoded values, clipped to [0, 1]. */
export function resize(source: Planes, width: number, height: number): Planes {
  if (source.width === width && source.height === height) return source;
  const across = lanczos(source.width, width);
  const down = lanczos(source.height, height);
  const result = new Float32Array(3 * width * height);
  const between = new Float32Array(source.height * width);
  for (let channel = 0; channel < 3; channel++) {
    const from = channel * source.width * source.height;
    for (let y = 0; y < source.height; y++) {
      for (let x = 0; x < width; x++) {
        const taps = across.weights[x]!;
        const start = from + y * source.width + across.first[x]!;
        let sum = 0;
        for (let index = 0; index < taps.length; index++) sum += taps[index]! * source.data[start + index]!;
        between[y * width + x] = sum;
      }
    }
    for (let y = 0; y < height; y++) {
      const taps = down.weights[y]!;
      const start = down.first[y]! * width;
      for (let x = 0; x < width; x++) {
        let sum = 0;
        for (let index = 0; index < taps.length; index++) sum += taps[index]! * between[start + index * width + x]!;
        result[(channel * height + y) * width + x] = Math.min(1, Math.max(0, sum));
      }
    }
  }
  return { width, height, data: result };
}
