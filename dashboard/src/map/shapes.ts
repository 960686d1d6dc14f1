// The world as shapes: coarse at once, fine when the browser has time. The fine one has the small countries that the coarse
// one leaves out: Singapore, Malta, Bahrain, Hong Kong, Mauritius.
import { feature } from 'topojson-client';
import type { GeometryCollection, Topology } from 'topojson-specification';
import coarse from 'world-atlas/countries-110m.json';
import { keyOfShape } from './countries';
import { cutAtDateLine, middle, project, ringPath, type Place, type Point } from './projection';

/** A country as it is drawn. */
export interface Shape {
  key: string;
  name: string;
  path: string;
  /** The middle of its largest piece. */
  centre: Point;
  /** About how wide that is. */
  extent: number;
}

/** The topology of one of the files. */
export type World = Topology<{ countries: GeometryCollection<{ name: string }> }>;

const ANTARCTICA = '010';

/** Every country of the coarse world. */
export function coarseShapes(): Shape[] {
  return shapesOf(coarse as unknown as World);
}

/** Every country of the fine world; the file is asked for when this is called. */
export async function fineShapes(): Promise<Shape[]> {
  const fine = await import('world-atlas/countries-50m.json');
  return shapesOf(fine.default as unknown as World);
}

/** The shapes of a topology. */
export function shapesOf(world: World): Shape[] {
  const countries = feature(world, world.objects.countries).features;
  const shapes = countries.map((country): Shape => {
    const { geometry } = country;
    const polygons = geometry.type === 'MultiPolygon' ? geometry.coordinates : geometry.type === 'Polygon' ? [geometry.coordinates] : [];
    const rings = polygons.map((polygon) => polygon.flatMap((ring) => cutAtDateLine(ring as unknown as Place[])).map((ring) => ring.map(project)));
    const largest = rings.map((polygon) => middle(polygon[0] ?? [])).reduce((best, one) => (one.area > best.area ? one : best), { area: 0, centre: [0, 0] });
    return {
      key: keyOfShape(country.id, country.properties.name),
      name: country.properties.name,
      path: rings.flat().map(ringPath).join(''),
      centre: largest.centre,
      extent: Math.sqrt(largest.area),
    };
  });
  return merged(shapes.filter((shape) => shape.key !== ANTARCTICA));
}

// Islands far off have an entry of their own under their country's number.
function merged(shapes: readonly Shape[]): Shape[] {
  const byKey = new Map<string, Shape>();
  for (const shape of shapes) {
    const known = byKey.get(shape.key);
    const [larger, smaller] = known && known.extent > shape.extent ? [known, shape] : [shape, known];
    byKey.set(shape.key, smaller ? { ...larger, path: larger.path + smaller.path } : larger);
  }
  return [...byKey.values()];
}
