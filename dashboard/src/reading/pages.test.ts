// Claims about addresses: each leads to its page, and none leads nowhere.
import { expect, test } from 'vitest';
import { PAGES, pageAt } from './pages';

test('every page is found by its address', () => {
  expect(PAGES.map((page) => pageAt(page.path))).toEqual(PAGES.map((page) => page.name));
});
test('a slash at the end changes nothing', () => expect(pageAt('/operations/')).toBe('Operations'));
test('an unknown address is the page Live', () => expect([pageAt('/live'), pageAt('/nowhere'), pageAt('')]).toEqual(['Live', 'Live', 'Live']));
