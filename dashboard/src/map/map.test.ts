// Claims about the map: who is meant by a name, where a place stands, what is shaded and what is left over.
import { expect, test } from 'vitest';
import fine from 'world-atlas/countries-50m.json';
import { countryKey } from './countries';
import { rings, shadeOf, shaded } from './picture';
import { HEIGHT, WIDTH, cutAtDateLine, middle, project, ringPath, type Point } from './projection';
import { coarseShapes, shapesOf, type World } from './shapes';
import type { Order } from '../reading/pulse';

test('a country is known by its codes, its names and those it had before', () => {
  const keys = (names: string[]) => new Set(names.map(countryKey));
  expect(keys(['DE', 'deu', 'Germany', ' germany '])).toEqual(new Set(['276']));
  expect(keys(['United States', 'USA', 'U.S.A.', 'us', 'United States of America'])).toEqual(new Set(['840']));
  expect(keys(['UK', 'GB', 'United Kingdom', 'Great Britain'])).toEqual(new Set(['826']));
  expect(keys(['Côte d’Ivoire', 'Ivory Coast', 'Cote D Ivoire'])).toEqual(new Set(['384']));
  expect(keys(['EIRE', 'Ireland'])).toEqual(new Set(['372']));
  expect(keys(['Czechia', 'Czech Republic'])).toEqual(new Set(['203']));
  expect(countryKey('Kosovo')).toBe('XK');
});

test('what is no country has no key', () => {
  for (const name of ['Unspecified', 'European Community', '', 'XX', 'Atlantis']) expect(countryKey(name), name).toBeNull();
});

test('the equator and the date line stand at the edges, and areas are kept', () => {
  expect(project([-180, 0])[0]).toBeCloseTo(0);
  expect(project([180, 0])[0]).toBeCloseTo(WIDTH);
  expect(project([0, 84])[1]).toBeCloseTo(0);
  expect(project([0, -56])[1]).toBeLessThan(HEIGHT);
  // Ten by ten degrees at the equator and at 60 degrees north: on the globe as sin 10 to sin 70 less sin 60.
  const cell = (north: number): Point[] => {
    const side = Array.from({ length: 101 }, (_, at) => at / 10);
    const edge = [
      ...side.map((step) => project([step, north])), ...side.map((step) => project([10, north + step])),
      ...side.map((step) => project([10 - step, north + 10])), ...side.map((step) => project([0, north + 10 - step])),
    ];
    return edge;
  };
  const sine = (degrees: number) => Math.sin((degrees * Math.PI) / 180);
  expect(middle(cell(60)).area / middle(cell(0)).area).toBeCloseTo((sine(70) - sine(60)) / sine(10), 3);
});

test('points that cannot be told apart are drawn once', () => {
  expect(ringPath([[0, 0], [0.1, 0], [5, 0], [5, 5], [0, 0]])).toBe('M0.0 0.0L5.0 0.0L5.0 5.0L0.0 0.0Z');
});

test('what crosses the date line is drawn on both sides, and nothing across the world', () => {
  const island: [number, number][] = [[178, -16], [-179, -16], [-179, -18], [178, -18], [178, -16]];
  expect(cutAtDateLine(island)).toEqual([
    [[178, -16], [180, -16], [180, -18], [178, -18], [178, -16]], [[-180, -16], [-179, -16], [-179, -18], [-180, -18], [-180, -16]],
  ]);
  expect(cutAtDateLine([[1, 1], [2, 1], [2, 2], [1, 1]])).toHaveLength(1);
  const longest = Math.max(...coarseShapes().flatMap((shape) => shape.path.split('M').map((ring) => {
    const points = ring.replace('Z', '').split('L').map((point) => point.split(' ').map(Number));
    return Math.max(0, ...points.slice(1).map(([x], at) => Math.abs((x ?? 0) - (points[at]?.[0] ?? 0))));
  })));
  expect(longest).toBeLessThan(WIDTH / 10);
});

test('every shape has a key of its own, and the fine world has the small countries', () => {
  const coarse = coarseShapes();
  const all = shapesOf(fine as unknown as World);
  expect([coarse.length, all.length]).toEqual([176, 239]); // Australia has an entry for its reefs
  for (const shapes of [coarse, all]) expect(new Set(shapes.map((shape) => shape.key)).size).toBe(shapes.length);
  const small = ['Singapore', 'Malta', 'Bahrain', 'Hong Kong', 'Mauritius'].map((name) => countryKey(name));
  expect(small.filter((key) => coarse.some((shape) => shape.key === key))).toEqual([]);
  expect(small.filter((key) => all.some((shape) => shape.key === key)).length).toBe(5);
});

test('names of one country are one shade, and unknown names are told', () => {
  const { countries, unknown } = shaded([
    { name: 'Germany', value: 60, short: '60' }, { name: 'DE', value: 40, short: '40' },
    { name: 'France', value: 4, short: '4' }, { name: 'Unspecified', value: 9, short: '9' },
  ]);
  expect([...countries.values()].map(({ name, value, words, shade }) => [name, value, words, shade])).toEqual([
    ['Germany', 100, 'Germany: 60, DE: 40', 5], ['France', 4, 'France: 4', 1],
  ]);
  expect(unknown).toEqual(['Unspecified']);
});

test('shades go from few to many', () => {
  expect([0, 1, 10, 40, 100].map((value) => shadeOf(value, 100))).toEqual([0, 1, 2, 4, 5]);
});

test('an order is a ring in its country for a minute', () => {
  const now = Date.parse('2026-03-02T12:00:00Z');
  const order = (id: string, seconds: number, country: string | null): Order => ({
    order_id: id, time: new Date(now - seconds * 1000).toISOString(), country, revenue: null, currency: null, units: null, items: null, city: null, first_item: null,
  });
  const shapes = new Map(coarseShapes().map((shape) => [shape.key, shape]));
  const drawn = rings([order('a', 30, 'Germany'), order('b', 61, 'Germany'), order('c', 1, 'Atlantis'), order('d', 1, null)], now, shapes);
  expect(drawn.map((ring) => [ring.id, ring.age])).toEqual([['a', 0.5]]);
  const [x, y] = project([10, 51]);
  expect(Math.hypot((drawn[0]?.x ?? 0) - x, (drawn[0]?.y ?? 0) - y)).toBeLessThan(15);
});
