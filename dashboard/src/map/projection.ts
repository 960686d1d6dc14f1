// Equal Earth: a projection that keeps areas, so that a shade weighs what its country weighs. After Šavrič, Patterson and
// Jenny, 2018. And the paths of rings in it.

const A1 = 1.340264;
const A2 = -0.081106;
const A3 = 0.000893;
const A4 = 0.003796;
const M = Math.sqrt(3) / 2;
const RADIANS = Math.PI / 180;

/** A place on the globe: degrees east and north. */
export type Place = readonly [number, number];
/** A point of the picture, x to the right and y down. */
export type Point = readonly [number, number];

/** Width of the picture. */
export const WIDTH = 960;
// Without the ice of the south, where nobody orders.
const NORTHMOST = 84;
const SOUTHMOST = -56.5;

const SCALE = WIDTH / (2 * raw(180, 0)[0]);
const TOP = raw(0, NORTHMOST)[1] * SCALE;
/** Height of the picture. */
export const HEIGHT = Math.ceil(TOP - raw(0, SOUTHMOST)[1] * SCALE);

/** Where a place stands in the picture. */
export function project([east, north]: Place): Point {
  const [x, y] = raw(east, north);
  return [WIDTH / 2 + x * SCALE, TOP - y * SCALE];
}

function raw(east: number, north: number): Point {
  const l = Math.asin(M * Math.sin(north * RADIANS));
  const l2 = l * l;
  const l6 = l2 * l2 * l2;
  const x = (east * RADIANS * Math.cos(l)) / (M * (A1 + 3 * A2 * l2 + l6 * (7 * A3 + 9 * A4 * l2)));
  return [x, l * (A1 + A2 * l2 + l6 * (A3 + A4 * l2))];
}

/** A ring cut at the date line: what crosses it comes back on the other side. */
export function cutAtDateLine(ring: readonly Place[]): Place[][] {
  let turns = 0;
  const unrolled = ring.map(([east, north], at): Place => {
    const step = at === 0 ? 0 : east - ring[at - 1]![0];
    if (step > 180) turns -= 360;
    if (step < -180) turns += 360;
    return [east + turns, north];
  });
  if (unrolled.every(([east]) => Math.abs(east) <= 180)) return [[...ring]];
  const isBeyond = (place: Place | undefined, shift: number) => place !== undefined && Math.abs(place[0] + shift) > 180;
  // A ring ends where it begins: before the first point lies the last but one.
  const around = (at: number) => [unrolled.at(at === 0 ? -2 : at - 1), unrolled[at], unrolled[at + 1] ?? unrolled[1]];
  const seenFrom = (shift: number) => {
    // What lies beyond the edge is drawn up to it: of a stretch beyond, its first and its last point.
    const kept = unrolled.filter((_, at) => !around(at).every((one) => isBeyond(one, shift)));
    return kept.map(([east, north]): Place => [Math.min(180, Math.max(-180, east + shift)), north]);
  };
  return [0, 360, -360].map(seenFrom).filter((part) => part.length > 0);
}

// Half a pixel of the picture: nearer points cannot be told apart.
const STEP_MIN = 0.5;

/** A ring as a path; points too near to the one before are left out. */
export function ringPath(ring: readonly Point[]): string {
  let text = '';
  let [lastX, lastY] = [Infinity, Infinity];
  for (const [x, y] of ring) {
    if (Math.hypot(x - lastX, y - lastY) < STEP_MIN) continue;
    text += `${text === '' ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`;
    [lastX, lastY] = [x, y];
  }
  return `${text}Z`;
}

/** Area of a ring, and the middle of it. */
export function middle(ring: readonly Point[]): { area: number; centre: Point } {
  let [twice, sumX, sumY] = [0, 0, 0];
  for (let at = 0; at + 1 < ring.length; at += 1) {
    const [x1, y1] = ring[at]!;
    const [x2, y2] = ring[at + 1]!;
    const cross = x1 * y2 - x2 * y1;
    twice += cross;
    sumX += (x1 + x2) * cross;
    sumY += (y1 + y2) * cross;
  }
  const first = ring[0] ?? [0, 0];
  return { area: Math.abs(twice) / 2, centre: twice === 0 ? first : [sumX / (3 * twice), sumY / (3 * twice)] };
}
