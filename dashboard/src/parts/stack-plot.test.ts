// Claims about stretches: which buckets are painted together. What the canvas shows is the browser test's matter.
import { expect, test, vi } from 'vitest';

vi.mock('uplot', () => ({ default: class {} }));
const { runs } = await import('./stack-plot');

test('gaps part stretches', () => expect(runs([1, 2, null, 3], -1)).toEqual([[0, 2], [3, 4]]));
test('the unfinished bucket is painted by itself', () => expect(runs([1, 2, 3], 2)).toEqual([[0, 2], [2, 3]]));
test('what follows the unfinished bucket is painted apart', () => expect(runs([1, 2, 3, 4], 1)).toEqual([[0, 1], [1, 2], [2, 4]]));
test('nothing known is nothing painted', () => expect(runs([null, null], -1)).toEqual([]));
