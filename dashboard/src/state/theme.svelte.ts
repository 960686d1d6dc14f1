// Light, dark, or what the system says; remembered by the browser, not in the address.
// `public/theme-boot.js` reads the same entry before the first paint.
const ENTRY = 'shopstream.theme';
const ORDER = ['auto', 'light', 'dark'] as const;

/** A choice of theme. */
export type Theme = (typeof ORDER)[number];

class ThemeState {
  chosen = $state<Theme>(remembered());
  /** Grows whenever colours may have changed; canvases repaint by it. */
  revision = $state(0);

  constructor() {
    globalThis.matchMedia?.('(prefers-color-scheme: dark)').addEventListener('change', () => {
      this.revision += 1;
    });
  }

  /** Auto, light, dark, auto … */
  next(): void {
    this.choose(ORDER[(ORDER.indexOf(this.chosen) + 1) % ORDER.length] ?? 'auto');
  }

  choose(theme: Theme): void {
    this.chosen = theme;
    const root = document.documentElement;
    if (theme === 'auto') delete root.dataset['theme'];
    else root.dataset['theme'] = theme;
    try {
      localStorage.setItem(ENTRY, theme);
    } catch {
      // storage is blocked: the choice holds until the page is closed
    }
    this.revision += 1;
  }
}

function remembered(): Theme {
  try {
    const entry = localStorage.getItem(ENTRY);
    return ORDER.find((theme) => theme === entry) ?? 'auto';
  } catch {
    return 'auto';
  }
}

/** The one theme of the page. */
export const theme = new ThemeState();

/** The colour behind a token, resolved for canvases, which know no custom properties. */
export function colourOf(token: string, element: HTMLElement): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${token})`;
  element.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}
