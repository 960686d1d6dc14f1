// Which of a card's states an answer means when it has nothing to draw.

/** What a card shows: its chart, or the reason why there is none. */
export type Content =
  | 'chart'
  /** The store has no event at all. */
  | 'empty'
  /** There are events, but none in this range. */
  | 'outside'
  /** There are events in this range, but none that this card counts. */
  | 'other-kind';

/** What is known about the data and about the question. */
export interface Situation {
  rows: number;
  newest: number | null;
  /** The range that was asked for; null is everything. */
  range: { from: number; to: number } | null;
}

/** The state of a card that got an answer. */
export function contentOf(situation: Situation): Content {
  if (situation.rows > 0) return 'chart';
  if (situation.newest === null) return 'empty';
  if (situation.range === null) return 'other-kind';
  const inside = situation.range.from <= situation.newest && situation.newest < situation.range.to;
  return inside ? 'other-kind' : 'outside';
}
