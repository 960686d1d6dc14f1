// Claims about keys: they never steal what is typed or pressed.
import { afterEach, expect, test, vi } from 'vitest';
import { runShortcut } from './shortcuts';

afterEach(() => document.body.replaceChildren());

function pressed(key: string, on: Partial<{ tag: string; init: KeyboardEventInit; dialog: boolean }> = {}): boolean {
  const run = vi.fn();
  const target = document.createElement(on.tag ?? 'div');
  document.body.append(target);
  if (on.dialog) {
    const dialog = document.createElement('dialog');
    dialog.setAttribute('open', '');
    document.body.append(dialog);
  }
  const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...on.init });
  target.addEventListener('keydown', (heard) => runShortcut(heard, [{ key, shown: key, words: '', run }]));
  target.dispatchEvent(event);
  return run.mock.calls.length === 1;
}

test('a key on the page runs its shortcut', () => expect([pressed('t'), pressed(' '), pressed('?')]).toEqual([true, true, true]));
test('a key in a field is typed', () => expect([pressed('t', { tag: 'input' }), pressed(' ', { tag: 'textarea' }), pressed('t', { tag: 'select' })]).toEqual([false, false, false]));
test('Space on a button presses the button', () => expect([pressed(' ', { tag: 'button' }), pressed('t', { tag: 'button' })]).toEqual([false, true]));
test('keys of the browser stay its own', () => expect([pressed('t', { init: { ctrlKey: true } }), pressed('t', { init: { metaKey: true } })]).toEqual([false, false]));
test('a held key counts once', () => expect(pressed(' ', { init: { repeat: true } })).toBe(false));
test('an open dialog has its own keys', () => expect(pressed('t', { dialog: true })).toBe(false));
