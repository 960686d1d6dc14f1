//! A store's funnels ready for use: which steps an event is, asked once for each event, without a word of text where no
//! funnel needs one. What marks add up to is `row`.

use super::declared::{check_all, fingerprint};
use super::{Declaration, FINE_MARKS_MAX, FunnelError, Mark, Mode, Steps, Unit};
use crate::cell::NameId;
use crate::names::{EventNames, ItemNames};
use crate::order::Sale;
use crate::session::{GivenId, Rank, SLOT_MICROS};
use crate::tally::Field;
use event::schema::{Amount, ItemText, Label};
use event::{EventRef, EventType, Money};

/// Which of a store's funnels, in the order of their declarations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FunnelAt(pub u8);

/// All funnels of a store.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Funnels {
    funnels: Vec<Funnel>,
    /// Every step of every funnel, by the name of its type.
    steps: Vec<(NameId, StepRule)>,
    /// Whether what is no step must be known: whoever goes straight on is stopped by it.
    minds_others: bool,
    fingerprint: u64,
    /// [`FINE_MARKS_MAX`] but in tests.
    pub fine_marks_max: usize,
    /// [`SLOT_MICROS`] but in tests.
    pub slot_micros: i64,
}

/// What counting needs to know of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Funnel {
    /// Its name.
    pub name: String,
    /// Names of its steps in tables of results.
    pub steps: Vec<NameId>,
    /// How long the way may take.
    pub window_micros: i64,
    /// In which order.
    pub mode: Mode,
    /// Who goes it.
    pub unit: Unit,
    /// The bit of its first step.
    pub(super) bit: u32,
}

impl Funnel {
    /// The bits of a mark that are steps of this funnel; bit 0 is its first.
    #[must_use]
    pub fn steps_of(&self, steps: Steps) -> u16 {
        let mask = (1_u64 << self.steps.len()) - 1;
        (steps.0 >> self.bit & mask) as u16
    }
}

/// A step's conditions; texts that have an id are compared by it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct StepRule {
    bit: u32,
    country: Option<NameId>,
    device: Option<NameId>,
    category: Option<NameId>,
    product: Option<String>,
    step_name: Option<String>,
    value_min: Option<Money>,
}

impl Funnels {
    /// Funnels ready for use; `id` gives a name its id, as it does for names of events.
    pub fn new(
        declared: &[Declaration],
        mut id: impl FnMut(&str) -> NameId,
    ) -> Result<Funnels, FunnelError> {
        check_all(declared)?;
        let mut funnels = Funnels {
            minds_others: declared.iter().any(|funnel| funnel.mode == Mode::Strict),
            fingerprint: fingerprint(declared),
            fine_marks_max: FINE_MARKS_MAX,
            slot_micros: SLOT_MICROS,
            ..Funnels::default()
        };
        for declaration in declared {
            funnels.add(declaration, &mut id);
        }
        funnels.steps.sort_by_key(|(kind, _)| *kind);
        Ok(funnels)
    }

    fn add(&mut self, declaration: &Declaration, id: &mut impl FnMut(&str) -> NameId) {
        let first_bit = self.steps.len() as u32;
        for (step, bit) in declaration.steps.iter().zip(first_bit..) {
            let only = &step.only;
            let mut of = |name: &Option<String>| name.as_deref().map(&mut *id);
            let rule = StepRule {
                bit,
                country: of(&only.country),
                device: of(&only.device),
                category: of(&only.category),
                product: only.product.clone(),
                step_name: only.step_name.clone(),
                value_min: only.value_min,
            };
            self.steps.push((id(step.what.name()), rule));
        }
        let steps = 0..declaration.steps.len();
        self.funnels.push(Funnel {
            name: declaration.name.clone(),
            steps: steps.map(|step| id(&declaration.step_name(step))).collect(),
            window_micros: declaration.window_micros,
            mode: declaration.mode,
            unit: declaration.unit,
            bit: first_bit,
        });
    }

    /// Whether nothing is declared: then nothing is marked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.funnels.is_empty()
    }

    /// Each with its place.
    pub fn iter(&self) -> impl Iterator<Item = (FunnelAt, &Funnel)> {
        (0..).map(FunnelAt).zip(&self.funnels)
    }

    /// The funnel at this place.
    #[must_use]
    pub fn funnel(&self, at: FunnelAt) -> Option<&Funnel> {
        self.funnels.get(usize::from(at.0))
    }

    /// Of everything declared. Marks that were made under another fingerprint say something else: the state that holds
    /// them is to be dropped and counted again from the log.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// Marks of one slot are thinned together.
    pub(super) fn slot(&self, mark: &Mark) -> i64 {
        mark.rank.time.0.div_euclid(self.slot_micros.max(1))
    }

    /// Funnels, a bit each, in whose way an event with these steps may stand: a first step never does.
    pub(super) fn foreign(&self, steps: Steps) -> u16 {
        let strict = self
            .iter()
            .filter(|(_, funnel)| funnel.mode == Mode::Strict);
        let foreign = strict.filter(|(_, funnel)| funnel.steps_of(steps) & 1 == 0);
        foreign.fold(0, |bits, (at, _)| bits | 1 << at.0)
    }

    /// What an event is to these funnels; nothing for one that no funnel asks for. `given` is its session's id, where the
    /// store cuts sessions by it.
    #[must_use]
    pub fn mark(
        &self,
        event: EventRef<'_>,
        (names, items): (&EventNames, &[ItemNames]),
        given: Option<GivenId>,
    ) -> Option<Mark> {
        if self.is_empty() {
            return None;
        }
        let from = self.steps.partition_point(|(kind, _)| *kind < names.kind);
        let rules = self.steps[from..].iter();
        let mut rules = rules.take_while(|(kind, _)| *kind == names.kind).peekable();
        let worth = rules.peek().map(|_| value(event, names, items));
        let value = worth.unwrap_or_default();
        let seen = Seen {
            event,
            names,
            items,
        };
        let met = rules.filter(|(_, rule)| rule.value_min.is_none_or(|min| value >= min));
        let met = met.filter(|(_, rule)| rule.is_met_by(&seen));
        let steps = Steps(met.fold(0, |bits, (_, rule)| bits | 1 << rule.bit));
        let is_wanted = steps.0 != 0 || (self.minds_others && is_of_a_visitor(event.kind()));
        is_wanted.then(|| Mark {
            rank: Rank::of(event),
            steps,
            value,
            currency: names.currency,
            given,
            foreign: 0,
        })
    }
}

struct Seen<'a> {
    event: EventRef<'a>,
    names: &'a EventNames,
    items: &'a [ItemNames],
}

impl StepRule {
    fn is_met_by(&self, seen: &Seen<'_>) -> bool {
        self.country.is_none_or(|id| id == seen.names.country)
            && self.device.is_none_or(|id| id == seen.names.device)
            && is_or_open(self.step_name.as_deref(), || {
                seen.event.label(Label::StepName)
            })
            && (self.category.is_none() && self.product.is_none() || self.has_line(seen))
    }

    fn has_line(&self, seen: &Seen<'_>) -> bool {
        let mut lines = seen.event.items().zip(seen.items);
        lines.any(|(line, names)| {
            self.category.is_none_or(|id| id == names.category)
                && is_or_open(self.product.as_deref(), || line.text(ItemText::ProductId))
        })
    }
}

fn is_or_open<'a>(wanted: Option<&str>, found: impl FnOnce() -> Option<&'a str>) -> bool {
    wanted.is_none_or(|wanted| found() == Some(wanted))
}

/// What a shop does without its visitor stands in nobody's way.
fn is_of_a_visitor(kind: EventType) -> bool {
    !matches!(
        kind,
        EventType::OrderUpdate
            | EventType::OrderCancel
            | EventType::Refund
            | EventType::StockUpdate
            | EventType::PriceChange
    )
}

/// What an event is worth: an order its revenue, a refund its amount, else price × quantity of its lines; where it has
/// none, what it states.
fn value(event: EventRef<'_>, names: &EventNames, items: &[ItemNames]) -> Money {
    let sale = |is_refund, field| Sale::of(event, names, items).totals(is_refund)[field];
    let value = match event.kind() {
        EventType::Order | EventType::OrderUpdate => sale(false, Field::Revenue),
        EventType::Refund => sale(true, Field::RefundAmount),
        _ if event.item_rows().is_empty() => {
            let stated = event
                .amount(Amount::Revenue)
                .or_else(|| event.amount(Amount::Total));
            i128::from(stated.unwrap_or_default().0)
        }
        _ => {
            let lines = event.items();
            let worth = lines.filter_map(|line| Some(line.unit_price()?.times(line.quantity())));
            worth.sum()
        }
    };
    let bounded = value.clamp(i128::from(i64::MIN), i128::from(i64::MAX));
    Money(i64::try_from(bounded).unwrap_or_default())
}
