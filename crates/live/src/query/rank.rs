//! From groups to rows: keys of both ranges and both parts are joined, figures read, rows ordered and cut.

use super::answer::{AnswerRow, Figure};
use super::groups::{GROUPS_MAX, GroupKey, GroupSets, Groups};
use super::plan::{Part, Plan};
use super::{Query, QueryError};
use crate::tables::{LiveTables, Products};
use crate::texts::{TextId, Texts};
use analytics::catalogue::Dimension;
use event::EventTime;
use foldhash::fast::FixedState;
use hashbrown::HashSet;
use std::cmp::Ordering;
use std::sync::Arc;

/// The rows of an answer, and how many there were before they were cut.
pub(crate) struct Rows {
    pub(crate) rows: Vec<AnswerRow>,
    pub(crate) total: usize,
    pub(crate) next_offset: Option<usize>,
}

/// Reads, orders and cuts the rows.
pub(crate) fn rows(
    live: &LiveTables,
    query: &Query,
    plan: &Plan,
    now: &GroupSets,
    before: Option<&GroupSets>,
) -> Result<Rows, QueryError> {
    let terms = read_order(query, plan)?;
    let counted = Counted::of(plan, now, before)?;
    let texts = live.shared.texts.read();
    let products = live.shared.products.read();
    let ranking = Ranking {
        plan,
        terms,
        counted: &counted,
        texts: &texts,
        products: &products,
    };
    let chosen = match query.limit_each {
        Some(limit) => ranking.first_of_each_window(limit),
        None => (0..counted.keys.len()).collect(),
    };
    let (page, total) = ranking.page(chosen, query.offset, query.limit);
    let end = query.offset.saturating_add(page.len());
    let row = |at: usize| {
        let key = counted.keys[at];
        AnswerRow {
            window: plan
                .has_windows()
                .then(|| EventTime(window_start(plan, key))),
            window_end: plan.sliding.map(|_| EventTime(key.window)),
            value: texts.text(key.value).cloned(),
            product_name: ranking.product_name(key).cloned(),
            currency: ranking.currency(key),
            figures: counted.figures(at).to_vec(),
        }
    };
    Ok(Rows {
        rows: page.into_iter().map(row).collect(),
        total,
        next_offset: (end < total).then_some(end),
    })
}

/// Groups of sliding windows are known by their ends: on days of a clock change two may begin together.
fn window_start(plan: &Plan, key: GroupKey) -> i64 {
    match plan.sliding {
        Some(sliding) => sliding.start_of(&plan.calendar, key.window),
        None => key.window,
    }
}

/// Keys of rows where something was counted, and their figures.
struct Counted {
    keys: Vec<GroupKey>,
    figures: Vec<Figure>,
    width: usize,
}

impl Counted {
    fn of(plan: &Plan, now: &GroupSets, before: Option<&GroupSets>) -> Result<Counted, QueryError> {
        let keys = joined_keys(now, before);
        if keys.len() > GROUPS_MAX {
            return Err(QueryError::TooManyRows { limit: GROUPS_MAX });
        }
        let width = plan.metrics.len() * if before.is_some() { 2 } else { 1 };
        let mut counted = Counted {
            keys: Vec::new(),
            figures: Vec::new(),
            width,
        };
        for key in keys {
            let start = counted.figures.len();
            for sets in std::iter::once(now).chain(before) {
                counted.figures.extend(plan.metrics.iter().map(|planned| {
                    let groups = sets.part(planned.part);
                    Figure::of(
                        &planned.metric,
                        planned.read,
                        group_of(groups, planned.part, key),
                    )
                }));
            }
            if counted.figures[start..]
                .iter()
                .all(|figure| figure.is_empty())
            {
                counted.figures.truncate(start);
            } else {
                counted.keys.push(key);
            }
        }
        Ok(counted)
    }

    fn figures(&self, at: usize) -> &[Figure] {
        &self.figures[at * self.width..(at + 1) * self.width]
    }
}

fn group_of(groups: &Groups, part: Part, key: GroupKey) -> Option<(&Groups, u32)> {
    let key = match part {
        Part::ByCurrency => key,
        Part::Plain => without_currency(key),
    };
    groups.find(key).map(|group| (groups, group))
}

fn without_currency(key: GroupKey) -> GroupKey {
    GroupKey {
        currency: TextId::NONE,
        ..key
    }
}

/// Every key with money, and those without money whose window and value have none.
fn joined_keys(now: &GroupSets, before: Option<&GroupSets>) -> Vec<GroupKey> {
    let mut keys = distinct_keys(&now.by_currency, before.map(|before| &before.by_currency));
    let plain = distinct_keys(&now.plain, before.map(|before| &before.plain));
    if plain.is_empty() {
        return keys;
    }
    let with_money: HashSet<GroupKey, FixedState> =
        keys.iter().copied().map(without_currency).collect();
    keys.extend(plain.into_iter().filter(|key| !with_money.contains(key)));
    keys
}

fn distinct_keys(now: &Groups, before: Option<&Groups>) -> Vec<GroupKey> {
    let gone = before
        .into_iter()
        .flat_map(Groups::keys)
        .filter(|key| now.find(**key).is_none());
    now.keys().iter().chain(gone).copied().collect()
}

/// One term of the order of rows, resolved to what it compares.
#[derive(Debug, Clone, Copy)]
struct Term {
    by: By,
    is_descending: bool,
}

#[derive(Debug, Clone, Copy)]
enum By {
    Window,
    Value,
    ProductName,
    Currency,
    Figure(usize),
}

fn read_order(query: &Query, plan: &Plan) -> Result<Vec<Term>, QueryError> {
    let columns = plan.columns();
    let keys_of_rows = columns.len() - plan.metrics.len() * if plan.compares { 2 } else { 1 };
    let term = |order: &super::OrderBy| {
        let unknown = || QueryError::UnknownColumn {
            name: order.by.clone(),
            columns: columns.iter().map(|column| column.name.clone()).collect(),
        };
        let at = columns
            .iter()
            .position(|column| column.name == order.by)
            .ok_or_else(unknown)?;
        let by = match columns[at].kind {
            _ if at >= keys_of_rows => By::Figure(at - keys_of_rows),
            "time" => By::Window,
            "currency" => By::Currency,
            _ if columns[at].name == "product_name" => By::ProductName,
            _ => By::Value,
        };
        Ok(Term {
            by,
            is_descending: order.is_descending,
        })
    };
    let asked = query
        .order
        .iter()
        .map(term)
        .collect::<Result<Vec<_>, _>>()?;
    // Rows chosen window by window are shown window by window, unless the order says where windows come.
    let names_window = asked.iter().any(|term| matches!(term.by, By::Window));
    let first = if query.limit_each.is_some() && !names_window {
        &[By::Window, By::Currency][..]
    } else {
        &[]
    };
    // Ties have one answer; without any order given, time comes first.
    let last = if asked.is_empty() {
        [By::Window, By::Value, By::Currency]
    } else {
        [By::Value, By::Window, By::Currency]
    };
    let ascending = |by: &By| Term {
        by: *by,
        is_descending: false,
    };
    let first = first.iter().map(ascending);
    let last = last.iter().map(ascending);
    Ok(first.chain(asked).chain(last).collect())
}

struct Ranking<'a> {
    plan: &'a Plan,
    terms: Vec<Term>,
    counted: &'a Counted,
    texts: &'a Texts,
    products: &'a Products,
}

impl Ranking<'_> {
    /// The first rows of each window, and of each currency in it, since amounts of two do not compare.
    fn first_of_each_window(&self, limit: usize) -> Vec<usize> {
        let of_window = |row: &usize| {
            let key = self.counted.keys[*row];
            (key.window, key.currency)
        };
        let mut rows: Vec<usize> = (0..self.counted.keys.len()).collect();
        rows.sort_unstable_by(|a, b| {
            let windows = of_window(a).cmp(&of_window(b));
            windows.then_with(|| self.compare(*a, *b))
        });
        let windows = rows.chunk_by(|a, b| of_window(a) == of_window(b));
        windows
            .flat_map(|rows| &rows[..limit.min(rows.len())])
            .copied()
            .collect()
    }

    /// Rows of the page in order, and how many rows there are in all.
    fn page(&self, mut rows: Vec<usize>, offset: usize, limit: usize) -> (Vec<usize>, usize) {
        let total = rows.len();
        let end = offset.saturating_add(limit);
        if end < total {
            rows.select_nth_unstable_by(end, |a, b| self.compare(*a, *b));
            rows.truncate(end);
        }
        rows.sort_unstable_by(|a, b| self.compare(*a, *b));
        rows.drain(..offset.min(rows.len()));
        (rows, total)
    }

    fn compare(&self, a: usize, b: usize) -> Ordering {
        let terms = self.terms.iter();
        terms
            .map(|term| self.compare_by(*term, a, b))
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    }

    fn compare_by(&self, term: Term, a: usize, b: usize) -> Ordering {
        let (left, right) = (self.counted.keys[a], self.counted.keys[b]);
        match term.by {
            By::Window => directed(term, Some(left.window), Some(right.window)),
            By::Value => directed(
                term,
                self.texts.text(left.value),
                self.texts.text(right.value),
            ),
            By::ProductName => directed(term, self.product_name(left), self.product_name(right)),
            By::Currency => directed(term, self.currency(left), self.currency(right)),
            By::Figure(column) => {
                let number = |row: usize| self.counted.figures(row)[column].number();
                directed(term, number(a), number(b))
            }
        }
    }

    fn product_name(&self, key: GroupKey) -> Option<&Arc<str>> {
        let is_product = self.plan.dimension == Some(Dimension::Product);
        self.products
            .get(&(self.plan.store, key.value))
            .filter(|_| is_product)
    }

    /// The currency of a row; where nothing was sold it is the store's.
    fn currency(&self, key: GroupKey) -> Option<Arc<str>> {
        let known = || {
            self.texts
                .text(key.currency)
                .unwrap_or(&self.plan.currency_of_nothing)
        };
        self.plan.is_by_currency.then(|| Arc::clone(known()))
    }
}

/// Compares in the term's direction; what has no value comes last either way.
fn directed<T: Ord>(term: Term, a: Option<T>, b: Option<T>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) if term.is_descending => b.cmp(&a),
        (Some(a), Some(b)) => a.cmp(&b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}
