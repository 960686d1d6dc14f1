// From a question's state to a card's state.
import type { Content } from '../reading/emptiness';
import { contentOf } from '../reading/emptiness';
import { countedRows } from '../reading/question';
import type { Question } from '../state/question.svelte';

/** What a card with one question shows; `columns` are those that must count something. */
export function contentOfQuestion(question: Question, columns: readonly string[]): Content | 'loading' | 'error' {
  const { answer } = question;
  if (answer === null) return question.problem ? 'error' : 'loading';
  const { newest_event, range } = answer.meta;
  return contentOf({
    rows: countedRows(answer.rows, columns).length,
    newest: newest_event === null ? null : Date.parse(newest_event),
    range: answer.request.range && range ? { from: Date.parse(range.from), to: Date.parse(range.to) } : null,
  });
}
