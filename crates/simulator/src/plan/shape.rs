//! A plan's words as the values a shop is made of. Whatever cannot be is refused here with its key.

use super::{CampaignPlan, CategoryPlan, Plan, PlanError};
use crate::assortment::{CATEGORIES, Category, Shelves};
use crate::behaviour::Behaviour;
use crate::delivery::{Limits, Mishaps};
use crate::demographics::{Demographics, UnknownName};
use crate::kind::Kind;
use crate::money::Currency;
use crate::rhythm::Rhythm;
use crate::session::Pricing;
use crate::settings::{Rate, Settings};
use crate::story::{
    AnomalyKind, AnomalyRates, Basket, BotShares, BuyerProcess, Campaign, CampaignLabel, Story,
    SupplyRules,
};
use crate::time::{HOUR_MICROS, Time};
use crate::type_weights::{TYPE_WEIGHT_MAX, TypeWeights};
use crate::write::Format;
use std::collections::BTreeMap;

/// Hours of a century: longer is a slip of the keys.
const HOURS_MAX: f64 = 876_600.0;

impl Plan {
    /// The shop, for this seed and start.
    pub fn settings(&self, seed: u64, start: Time) -> Result<Settings, PlanError> {
        let shelves = self.shelves()?;
        Ok(Settings {
            rate: Rate::per_second(self.events_per_second()?),
            rhythm: self.rhythm()?,
            products: self.shop.products,
            categories: self.shop.categories.min(shelves.len() as u32),
            shelves,
            customers: self.shop.customers,
            store: self.shop.store.clone(),
            pricing: self.pricing()?,
            behaviour: self.behaviour()?,
            type_weights: self.type_weights()?,
            demographics: self.demographics()?,
            story: self.story(shelves)?,
            ..Settings::new(seed, start)
        })
    }

    /// Mean events a second.
    pub fn events_per_second(&self) -> Result<f64, PlanError> {
        let rate = self.pace.events_per_second;
        let allowed = Rate::MIN.events_per_second()..=Rate::MAX.events_per_second();
        if allowed.contains(&rate) {
            Ok(rate)
        } else {
            Err(wrong(
                "pace.events_per_second",
                rate,
                "from 0.001 to 10000000",
            ))
        }
    }

    /// How lines fare; the delivery says whether they may.
    #[must_use]
    pub fn mishaps(&self) -> Mishaps {
        Mishaps {
            late: self.mishaps.late,
            late_seconds_max: self.mishaps.late_seconds,
            repeats: self.mishaps.repeats,
            broken: self.mishaps.broken,
        }
    }

    /// The dialect.
    pub fn format(&self) -> Result<Format, PlanError> {
        let name = &self.run.dialect;
        let found = Format::ALL.into_iter().find(|format| format.name() == name);
        found.ok_or_else(|| {
            wrong(
                "run.dialect",
                name,
                &Format::ALL.map(Format::name).join(", "),
            )
        })
    }

    /// When the run is over, if it begins at this time.
    pub fn limits(&self, start: Time) -> Result<Limits, PlanError> {
        let or_never = |limit: u64| if limit == 0 { u64::MAX } else { limit };
        let hours = self.run.hours;
        if !(0.0..=HOURS_MAX).contains(&hours) {
            return Err(wrong("run.hours", hours, "from 0 to 876600"));
        }
        let until = if hours == 0.0 {
            Time(i64::MAX)
        } else {
            start.plus(micros(hours))
        };
        Ok(Limits {
            lines: or_never(self.run.lines),
            orders: or_never(self.run.orders),
            until,
        })
    }

    fn rhythm(&self) -> Result<Rhythm, PlanError> {
        match self.pace.rhythm.as_str() {
            "steady" => Ok(Rhythm::Steady),
            "day_and_week" => Ok(Rhythm::DayAndWeek),
            other => Err(wrong("pace.rhythm", other, "steady or day_and_week")),
        }
    }

    fn pricing(&self) -> Result<Pricing, PlanError> {
        let code = self.shop.currency.as_str();
        if code == "by_country" {
            return Ok(Pricing::ByCountry);
        }
        let found = Currency::ALL
            .into_iter()
            .find(|currency| currency.code() == code);
        let found = found
            .ok_or_else(|| wrong("shop.currency", code, "USD, EUR, GBP, JPY or by_country"))?;
        Ok(Pricing::OneCurrency(found))
    }

    fn behaviour(&self) -> Result<Behaviour, PlanError> {
        let plan = &self.behaviour;
        let behaviour = Behaviour {
            regulars: share("regulars", plan.regulars)?,
            bounce: share("bounce", plan.bounce)?,
            remembered: share("remembered", plan.remembered)?,
            second_device: share("second_device", plan.second_device)?,
            leave: share("leave", plan.leave)?,
            item_click: share("item_click", plan.item_click)?,
            cart_add: share("cart_add", plan.cart_add)?,
            cart_view: share("cart_view", plan.cart_view)?,
            cart_remove: share("cart_remove", plan.cart_remove)?,
            cart_leave: share("cart_leave", plan.cart_leave)?,
            checkout: share("checkout", plan.checkout)?,
            checkout_leave: share("checkout_leave", plan.checkout_leave)?,
            payment_error: share("payment_error", plan.payment_error)?,
            payment_retry: share("payment_retry", plan.payment_retry)?,
            guest: share("guest", plan.guest)?,
            coupon: share("coupon", plan.coupon)?,
            refund: share("refund", plan.refund)?,
            own_taste: share("own_taste", plan.own_taste)?,
            think_seconds: plan.think_seconds,
        };
        let think = plan.think_seconds;
        match () {
            () if !(0.1..=600.0).contains(&think) => {
                Err(wrong("behaviour.think_seconds", think, "from 0.1 to 600"))
            }
            // Nobody who never leaves ever lets others in, and the shop's doors would never open.
            () if plan.leave < 0.001 => {
                Err(wrong("behaviour.leave", plan.leave, "from 0.001 to 1"))
            }
            () => Ok(behaviour),
        }
    }

    fn type_weights(&self) -> Result<TypeWeights, PlanError> {
        let mut weights = TypeWeights::default();
        for (name, weight) in &self.type_weights {
            let kind = Kind::named(name);
            if !kind.is_some_and(|kind| weights.set(kind, *weight)) {
                let rule = format!(
                    "a kind of event that is chosen, with a weight from 0 to {TYPE_WEIGHT_MAX}"
                );
                return Err(wrong(&format!("type_weights.{name}"), weight, &rule));
            }
        }
        Ok(weights)
    }

    fn demographics(&self) -> Result<Demographics, PlanError> {
        let plan = &self.demographics;
        let mut public = Demographics {
            members: share("members", plan.members)?,
            ..Demographics::default()
        };
        let refused = |key: &'static str| {
            move |error: UnknownName| {
                wrong(&format!("demographics.{key}"), error.name, &error.known)
            }
        };
        public
            .set_countries(named(&plan.countries))
            .map_err(refused("countries"))?;
        public
            .set_devices(named(&plan.devices))
            .map_err(refused("devices"))?;
        public
            .set_payment_methods(named(&plan.payment_methods))
            .map_err(refused("payment_methods"))?;
        Ok(public)
    }

    /// The shelves of the plan, or the built-in ones with its price ranges and elasticities.
    fn shelves(&self) -> Result<Shelves, PlanError> {
        let mut shelves = match &self.categories {
            Some(plans) => own_shelves(plans)?,
            None => CATEGORIES.to_vec(),
        };
        for (name, [low, high]) in &self.price_ranges {
            let category = find(&mut shelves, "price_ranges", name)?;
            (category.dollars_min, category.dollars_max) = range(name, [*low, *high])?;
        }
        let default = self.elasticity.get("default").copied().unwrap_or_default();
        let default = elasticity("default", default)?;
        shelves
            .iter_mut()
            .for_each(|category| category.elasticity_hundredths = default);
        for (name, value) in self
            .elasticity
            .iter()
            .filter(|(name, _)| *name != "default")
        {
            find(&mut shelves, "elasticity", name)?.elasticity_hundredths =
                elasticity(name, *value)?;
        }
        Ok(shelves.leak())
    }

    fn story(&self, shelves: Shelves) -> Result<Story, PlanError> {
        let mut anomalies = AnomalyRates::default();
        for (name, per_day) in &self.anomalies_per_day {
            let kind = AnomalyKind::ALL
                .into_iter()
                .find(|kind| kind.name() == name);
            if !kind.is_some_and(|kind| anomalies.set(kind, *per_day)) {
                let names = AnomalyKind::ALL.map(AnomalyKind::name).join(", ");
                let rule = format!("0 to 1440 a day of {names}");
                return Err(wrong(&format!("anomalies_per_day.{name}"), per_day, &rule));
            }
        }
        let campaigns = self.campaigns.iter().map(|plan| campaign(plan, shelves));
        let basket = |plan: &super::BasketPlan| Basket {
            support: plan.support,
            confidence: plan.confidence,
            otherwise: plan.otherwise,
        };
        let bots = BotShares {
            user_agent: self.bots.user_agent,
            behaviour: self.bots.behaviour,
        };
        let has_bots = bots.user_agent + bots.behaviour > 0.0
            || anomalies.per_day(AnomalyKind::BotStorm) > 0.0;
        Ok(Story {
            campaigns: campaigns.collect::<Result<_, _>>()?,
            supply: self.supply_rules()?,
            bots: has_bots.then_some(bots),
            anomalies,
            buyers: self.buyer_process()?,
            baskets: self.baskets.iter().map(basket).collect(),
            demand_per_day: self.demand.units_per_day.clone(),
        })
    }

    fn supply_rules(&self) -> Result<Option<SupplyRules>, PlanError> {
        let plan = &self.supply;
        if !(0.0..=8_760.0).contains(&plan.delivery_hours) {
            return Err(wrong(
                "supply.delivery_hours",
                plan.delivery_hours,
                "from 0 to 8760",
            ));
        }
        if !(0.0..=86_400.0).contains(&plan.price_changes_per_day) {
            let rule = "from 0 to 86400";
            return Err(wrong(
                "supply.price_changes_per_day",
                plan.price_changes_per_day,
                rule,
            ));
        }
        Ok(plan.enabled.then_some(SupplyRules {
            opening_units_max: plan.opening_units,
            reorder_units: plan.reorder_units,
            delivery_units: plan.delivery_units.max(1),
            delivery_hours_max: plan.delivery_hours,
            report_units: plan.report_units.max(1),
            price_changes_per_day: plan.price_changes_per_day,
        }))
    }

    fn buyer_process(&self) -> Result<Option<BuyerProcess>, PlanError> {
        let plan = &self.buyers;
        let positive = [
            ("joining_days", plan.joining_days),
            ("unit_days", plan.unit_days),
            ("r", plan.r),
            ("alpha", plan.alpha),
            ("a", plan.a),
            ("b", plan.b),
        ];
        let is_wrong = |(_, value): &&(&str, f64)| !(0.001..=100_000.0).contains(value);
        if let Some((name, value)) = positive.iter().find(is_wrong) {
            return Err(wrong(
                &format!("buyers.{name}"),
                value,
                "from 0.001 to 100000",
            ));
        }
        if plan.customers > 10_000_000 {
            return Err(wrong(
                "buyers.customers",
                plan.customers,
                "at most 10000000",
            ));
        }
        Ok(plan.enabled.then_some(BuyerProcess {
            customers: plan.customers,
            joining_days: plan.joining_days,
            unit_days: plan.unit_days,
            r: plan.r,
            alpha: plan.alpha,
            a: plan.a,
            b: plan.b,
            leaves_after_first: plan.leaves_after_first,
        }))
    }
}

fn wrong(key: &str, value: impl ToString, rule: &str) -> PlanError {
    PlanError::Value {
        key: key.to_owned(),
        value: value.to_string(),
        rule: rule.to_owned(),
    }
}

fn share(name: &str, value: f64) -> Result<f64, PlanError> {
    if (0.0..=1.0).contains(&value) {
        Ok(value)
    } else {
        Err(wrong(name, value, "a share is from 0 to 1"))
    }
}

fn micros(hours: f64) -> i64 {
    (hours * HOUR_MICROS as f64) as i64
}

fn named(weights: &BTreeMap<String, f64>) -> impl Iterator<Item = (&str, f64)> {
    weights
        .iter()
        .map(|(name, weight)| (name.as_str(), *weight))
}

/// Texts of a plan live as long as the process; it is read once.
fn kept(key: &str, text: &str) -> Result<&'static str, PlanError> {
    let is_plain = !text.is_empty()
        && text.len() <= 100
        && !text
            .chars()
            .any(|sign| sign.is_control() || matches!(sign, '"' | '\\' | '<' | '>'));
    if is_plain {
        Ok(String::leak(text.to_owned()))
    } else {
        Err(wrong(
            key,
            text,
            "1 to 100 letters without quotes, backslashes and line ends",
        ))
    }
}

fn range(name: &str, [low, high]: [u32; 2]) -> Result<(u32, u32), PlanError> {
    if low < high && high <= 1_000_000 {
        Ok((low, high))
    } else {
        let rule = "whole dollars, the lower first, at most 1000000";
        Err(wrong(
            &format!("price of {name}"),
            format!("[{low}, {high}]"),
            rule,
        ))
    }
}

fn elasticity(name: &str, value: f64) -> Result<i32, PlanError> {
    if (-10.0..=0.0).contains(&value) {
        Ok((value * 100.0).round() as i32)
    } else {
        Err(wrong(&format!("elasticity.{name}"), value, "from -10 to 0"))
    }
}

fn find<'s>(
    shelves: &'s mut [Category],
    key: &str,
    name: &str,
) -> Result<&'s mut Category, PlanError> {
    let found = shelves.iter_mut().find(|category| category.name == name);
    found.ok_or_else(|| wrong(key, name, "no category has this name"))
}

fn own_shelves(plans: &[CategoryPlan]) -> Result<Vec<Category>, PlanError> {
    if plans.is_empty() || plans.len() > 255 {
        return Err(wrong("categories", plans.len(), "1 to 255 of them"));
    }
    let mut seen = std::collections::HashSet::new();
    let goods = plans.iter().flat_map(|plan| &plan.goods);
    if let Some(twice) = goods.into_iter().find(|goods| !seen.insert(goods.as_str())) {
        return Err(wrong(
            "goods",
            twice,
            "goods are unique in the shop: products are known by their names",
        ));
    }
    let category = |plan: &CategoryPlan| {
        let words: Result<Vec<&'static str>, PlanError> = plan
            .goods
            .iter()
            .map(|goods| kept("goods", goods))
            .collect();
        let words = words?;
        if words.is_empty() {
            return Err(wrong("goods", &plan.name, "at least one kind of goods"));
        }
        let weight = plan.weight.unwrap_or(1.0);
        if !(0.001..=1_000.0).contains(&weight) {
            return Err(wrong("weight", weight, "from 0.001 to 1000"));
        }
        let (dollars_min, dollars_max) = range(&plan.name, plan.price)?;
        Ok(Category {
            name: kept("name", &plan.name)?,
            dollars_min,
            dollars_max,
            goods: words.leak(),
            weight: plan.weight.map(|weight| (weight * 1_000.0) as u32),
            elasticity_hundredths: 0,
        })
    };
    plans.iter().map(category).collect()
}

fn campaign(plan: &CampaignPlan, shelves: Shelves) -> Result<Campaign, PlanError> {
    let position = |name: &String| {
        let found = shelves.iter().position(|category| category.name == name);
        found
            .map(|position| position as u8)
            .ok_or_else(|| wrong("campaigns.categories", name, "no category has this name"))
    };
    let is_time = |hours: f64| (0.0..=HOURS_MAX).contains(&hours);
    match () {
        () if !is_time(plan.begins_hours) || !is_time(plan.lasts_hours) => {
            return Err(wrong(
                "campaigns",
                &plan.name,
                "begins_hours and lasts_hours are from 0 to 876600",
            ));
        }
        () if !(0.0..=90.0).contains(&plan.price_cut_percent) => {
            return Err(wrong(
                "campaigns.price_cut_percent",
                plan.price_cut_percent,
                "from 0 to 90",
            ));
        }
        () if !(0.0..=10.0).contains(&plan.lift) => {
            return Err(wrong("campaigns.lift", plan.lift, "from 0 to 10"));
        }
        () => {}
    }
    Ok(Campaign {
        label: CampaignLabel {
            source: kept("campaigns.source", &plan.source)?,
            medium: kept("campaigns.medium", &plan.medium)?,
            name: kept("campaigns.name", &plan.name)?,
        },
        begins_micros: micros(plan.begins_hours),
        lasts_micros: micros(plan.lasts_hours),
        categories: plan
            .categories
            .iter()
            .map(position)
            .collect::<Result<_, _>>()?,
        cut_basis_points: (plan.price_cut_percent * 100.0).round() as i64,
        lift: plan.lift,
    })
}
