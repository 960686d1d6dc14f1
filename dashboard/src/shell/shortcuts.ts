// The keys of the page: one list for the listener and for the page that explains them.

/** A key and what it does. */
export interface Shortcut {
  /** `KeyboardEvent.key`. */
  key: string;
  shown: string;
  words: string;
  run: () => void;
}

const TYPING = 'input, textarea, select, [contenteditable]';
// Space presses these; it must not pause the page as well.
const PRESSABLE = 'button, a, summary, [role="button"], [role="region"][tabindex]';

/** Runs the shortcut an event means, unless it belongs to the element that has the focus. */
export function runShortcut(event: KeyboardEvent, shortcuts: readonly Shortcut[]): void {
  if (event.defaultPrevented || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
  const focused = event.target instanceof Element ? event.target : null;
  if (focused?.closest(TYPING) || (event.key === ' ' && focused?.closest(PRESSABLE))) return;
  if (document.querySelector('dialog[open]')) return; // a dialog has its own keys
  const shortcut = shortcuts.find((one) => one.key === event.key);
  if (!shortcut) return;
  event.preventDefault();
  shortcut.run();
}
