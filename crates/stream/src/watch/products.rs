//! Products and persons under watch: whole timelines, judged anew whenever they change.

use super::{Known, Watch, bring};
use crate::inventory::InventoryOutput;
use crate::rest::RestError;
use crate::rest::alerts::keys;
use analytics::alert::{
    Burst, Finding, Rule, Scope, StoreDesk, Subject, SubjectKind, Verdicts, judge_bursts,
    judge_prices, judge_stock,
};
use analytics::cell::NameId;
use analytics::person::{PersonKey, PersonKind};
use event::EventTime;
use std::sync::Arc;

impl Watch {
    /// Takes in levels and prices of products that changed.
    pub(super) fn observe_products(
        &mut self,
        told: &InventoryOutput,
        known: Known<'_>,
        out: &mut Verdicts,
    ) -> Result<(), RestError> {
        for (key, levels) in &told.levels {
            let product = product(key.store, key.product, known);
            self.judge((&product, ""), known, out, |desk, rule| {
                judge_stock(desk, rule, &product, levels)
            })?;
        }
        for (key, points) in &told.points {
            let product = product(key.store, key.product, known);
            let currency = known.name(key.currency);
            self.judge((&product, &currency), known, out, |desk, rule| {
                judge_prices(desk, rule, (&product, key.currency), points)
            })?;
        }
        Ok(())
    }

    /// Takes in the minutes of a person who was or is very busy.
    pub(super) fn observe_bursts(
        &mut self,
        person: &PersonKey,
        bursts: &[Burst],
        known: Known<'_>,
        out: &mut Verdicts,
    ) -> Result<(), RestError> {
        let kind = match person.kind {
            PersonKind::Customer => SubjectKind::Customer,
            PersonKind::Visitor | PersonKind::Session => SubjectKind::Visitor,
        };
        let person = Subject::of(person.store, kind, &person.id);
        self.judge((&person, ""), known, out, |desk, rule| {
            judge_bursts(desk, rule, &person, bursts)
        })
    }

    /// Asks every rule of the subject's store; what it finds now replaces what it found before of this part of the subject.
    fn judge(
        &mut self,
        (subject, part): (&Subject, &str),
        known: Known<'_>,
        out: &mut Verdicts,
        find: impl Fn(&StoreDesk, &Rule) -> Vec<Finding>,
    ) -> Result<(), RestError> {
        let Some(desk) = self.desk(subject.store, known).cloned() else {
            return Ok(());
        };
        for rule in desk
            .rules
            .iter()
            .filter(|rule| rule.condition.looks_at(subject.kind))
        {
            let findings = find(&desk, rule);
            let scope = Scope {
                rule: match part {
                    "" => Arc::clone(&rule.name),
                    part => format!("{} {part}", rule.name).into(),
                },
                subject: subject.clone(),
            };
            let spans = &mut self.spans;
            bring(&mut spans.kept, scope.clone(), &self.at_rest, keys::span)?;
            let all = EventTime(i64::MIN);
            spans.tell(&scope, (all, findings), out);
        }
        Ok(())
    }
}

fn product(store: NameId, product: NameId, known: Known<'_>) -> Subject {
    Subject {
        store,
        kind: SubjectKind::Product,
        key: known.product(product),
    }
}
