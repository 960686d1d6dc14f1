//! The truth of a delivery as one JSON object: what was asked, what was planted, what arrived, and what it adds up to.

use super::{Delivery, Terms};
use crate::fault::Fault;
use crate::ledger::Table;
use crate::settings::Settings;
use crate::story::AnomalyKind;
use serde_json::{Map, Value, json};

/// What was asked, as far as a reader may want to know it.
pub(super) fn parameters(settings: &Settings, terms: &Terms) -> Value {
    let mishaps = &terms.mishaps;
    json!({
        "seed": settings.seed,
        "start": settings.start.utc_text(),
        "events_per_second": settings.rate.events_per_second(),
        "products": settings.products,
        "categories": settings.categories,
        "customers": settings.customers,
        "late": mishaps.late,
        "late_seconds_max": mishaps.late_seconds_max,
        "repeats": mishaps.repeats,
        "broken": mishaps.broken,
        "story": story(settings),
        "elasticities": elasticities(settings),
    })
}

fn story(settings: &Settings) -> Value {
    let story = &settings.story;
    let campaigns = story.campaigns.iter().map(|campaign| {
        json!({
            "name": campaign.label.name,
            "from": settings.start.plus(campaign.begins_micros).utc_text(),
            "until": settings.start.plus(campaign.begins_micros.saturating_add(campaign.lasts_micros)).utc_text(),
            "price_cut_percent": campaign.cut_basis_points as f64 / 100.0,
            "lift": campaign.lift,
        })
    });
    let anomalies = AnomalyKind::ALL
        .into_iter()
        .filter(|kind| story.anomalies.per_day(*kind) > 0.0)
        .map(|kind| (kind.name().to_owned(), story.anomalies.per_day(kind).into()));
    let buyers = story.buyers.as_ref().map(|process| {
        json!({
            "customers": process.customers,
            "joining_days": process.joining_days,
            "unit_days": process.unit_days,
            "r": process.r,
            "alpha": process.alpha,
            "a": process.a,
            "b": process.b,
            "leaves_after_first": process.leaves_after_first,
        })
    });
    json!({
        "campaigns": campaigns.collect::<Vec<_>>(),
        "anomalies_per_day": anomalies.collect::<Map<_, _>>(),
        "bots": story.bots.as_ref().map(|bots| json!({"user_agent": bots.user_agent, "behaviour": bots.behaviour})),
        "buyers": buyers,
    })
}

/// Categories whose demand follows the price, with by how much.
fn elasticities(settings: &Settings) -> Map<String, Value> {
    let shelves = &settings.shelves[..(settings.categories as usize).min(settings.shelves.len())];
    let elastic = shelves
        .iter()
        .filter(|category| category.elasticity_hundredths != 0);
    elastic
        .map(|category| {
            let elasticity = f64::from(category.elasticity_hundredths) / 100.0;
            (category.name.to_owned(), elasticity.into())
        })
        .collect()
}

impl Delivery {
    /// Everything as one JSON object: the sums of [`crate::Truth`], and beside them what was asked and what arrived.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut told = self.truth.to_json();
        told["parameters"] = self.parameters.clone();
        told["planted"] = self.planted();
        told["delivered"] = self.delivered();
        if let Some(ledger) = &self.ledger {
            let counts = Table::ALL
                .into_iter()
                .map(|table| (format!("{}.csv", table.name()), ledger.count(table).into()));
            told["rows"] = counts.collect::<Map<_, _>>().into();
        }
        told
    }

    fn delivered(&self) -> Value {
        let by_fault = Fault::ALL
            .into_iter()
            .zip(self.fates.by_fault)
            .filter(|(_, count)| *count > 0)
            .map(|(fault, count)| (fault.name().to_owned(), count.into()));
        json!({
            "lines": self.lines,
            "late": self.fates.late,
            "repeats": self.fates.repeats,
            "broken": self.fates.broken,
            "broken_by_fault": by_fault.collect::<Map<_, _>>(),
        })
    }

    fn planted(&self) -> Value {
        let baskets = self.shop.planted_pairs().iter().map(|pair| {
            json!({
                "products": pair.products.map(|product| format!("prod_{product}")),
                "support_first": pair.basket.support,
                "support_both": pair.support_of_both(),
                "confidence": pair.basket.confidence,
                "lift": pair.lift(),
            })
        });
        let demand = self.shop.planted_demand().iter().map(|(product, per_day)| {
            json!({"product": format!("prod_{product}"), "units_per_day": per_day})
        });
        json!({"baskets": baskets.collect::<Vec<_>>(), "demand": demand.collect::<Vec<_>>()})
    }
}
