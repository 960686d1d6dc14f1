// The page's view, kept equal to the address: every change is a step the Back button undoes.
import { DEFAULT_VIEW, isFiltered, readView, writeView, type FilterDimension, type View } from '../reading/view';

class ViewState {
  current = $state.raw<View>(typeof location === 'undefined' ? DEFAULT_VIEW : readView(location.search));

  constructor() {
    globalThis.addEventListener?.('popstate', () => {
      this.current = readView(location.search);
    });
  }

  /** Changes parts of the view. */
  change(part: Partial<View>): void {
    const next = { ...this.current, ...part };
    if (writeView(next) === writeView(this.current)) return;
    this.current = next;
    history.pushState(null, '', location.pathname + writeView(next));
  }

  /** Filters by a mark, or no longer if it is filtered by already. */
  toggleFilter(dimension: FilterDimension, value: string | null): void {
    const filter = isFiltered(this.current.filter, dimension, value) ? null : { dimension, value };
    this.change({ filter });
  }

  /** Which measure a card shows. */
  measure(card: string, choices: readonly { name: string }[]): string {
    const chosen = this.current.measures[card];
    return choices.find((choice) => choice.name === chosen)?.name ?? choices[0]?.name ?? '';
  }

  /** Chooses a card's measure. */
  showMeasure(card: string, measure: string): void {
    this.change({ measures: { ...this.current.measures, [card]: measure } });
  }
}

/** The one view of the page. */
export const view = new ViewState();
