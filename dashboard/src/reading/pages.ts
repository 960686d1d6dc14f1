// The pages there are, by their addresses. One line per page; a page that does not exist has none.

/** A page's name. */
export type PageName = 'Live' | 'Operations';

/** Every page, in the order of the navigation. */
export const PAGES: readonly { path: string; name: PageName; icon: 'pulse' | 'gauge' }[] = [
  { path: '/', name: 'Live', icon: 'pulse' },
  { path: '/operations', name: 'Operations', icon: 'gauge' },
];

/** The page at an address; any other address means the first page. */
export function pageAt(path: string): PageName {
  const plain = path.replace(/\/+$/, '') || '/';
  return PAGES.find((page) => page.path === plain)?.name ?? 'Live';
}
