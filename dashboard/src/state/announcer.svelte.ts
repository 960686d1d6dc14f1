// Key figures are read out when asked for, never by themselves: they change every second.
import { untrack } from 'svelte';

class AnnouncerState {
  /** How often somebody asked. */
  asked = $state(0);

  ask(): void {
    this.asked += 1;
  }

  /** The words of this moment; later changes of the figures do not repeat them. */
  take(words: () => string): string {
    // The same text twice is not spoken twice, so every other time it ends in a space.
    return untrack(words) + (this.asked % 2 === 0 ? '\u00a0' : '');
  }
}

/** The one announcer of the page. */
export const announcer = new AnnouncerState();
