// The moment under the pointer; every chart with a time axis marks it.
class HoverState {
  time = $state<number | null>(null);
}

/** The one moment of the page. */
export const hover = new HoverState();
