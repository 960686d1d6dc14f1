//! Money at risk: what a shelf that is empty costs, and what one will cost that is not filled in time.

use super::*;

/// Levels from an hour on, the last of which goes on, and a price.
struct Shelf {
    sights: Vec<StockSight>,
    price: Option<Money>,
}

impl Shelf {
    fn of(levels: &[(i64, i64)]) -> Shelf {
        let ends = levels.iter().skip(1).map(|(hour, _)| Some(at(0, *hour, 0)));
        let sight = |((hour, level), until): (&(i64, i64), Option<EventTime>)| StockSight {
            from: at(0, *hour, 0),
            until,
            level: pieces(*level),
            cover_hours: Some(0),
            demand: 0,
            sold_a_day: None,
            lost: None,
            event: None,
        };
        let sights = levels.iter().zip(ends.chain([None])).map(sight);
        Shelf {
            sights: sights.collect(),
            price: Some(money(2)),
        }
    }

    fn selling(mut self, a_day: i64) -> Shelf {
        let sold = Some(pieces(a_day));
        self.sights
            .iter_mut()
            .for_each(|sight| sight.sold_a_day = sold);
        self
    }

    fn losing(mut self, lost: &[i64]) -> Shelf {
        for (sight, lost) in self.sights.iter_mut().zip(lost) {
            sight.lost = (*lost > 0).then(|| pieces(*lost));
        }
        self
    }

    fn unpriced(self) -> Shelf {
        Shelf {
            price: None,
            ..self
        }
    }

    /// What each alert says is missing and at risk, in pieces and euros; `-` where that is not known.
    fn check(self, conditions: &[Condition], expected: &str) {
        let names = ["first", "second"];
        let named = conditions.iter().zip(names);
        let rules: Vec<Rule> = (named
            .map(|(condition, name)| Rule::new(name, Severity::Warning, condition.clone())))
        .collect();
        let desk = desk(rules.clone());
        let levels = Levels {
            sights: self.sights,
            price: self.price,
        };
        let product = subject(SubjectKind::Product, "tea");
        let found = judge_stock(&desk, &rules[0], &product, &levels);
        let whole = |number: i64| (number / SCALE).to_string();
        let unknown = || "-".to_owned();
        let said = found.iter().map(|finding| {
            let missing = finding.evidence.number(Figure::MissingPieces);
            let at_risk = finding.at_risk.map(|at_risk| {
                assert_eq!(at_risk.currency, EUR);
                whole(at_risk.amount.0)
            });
            let price = finding.evidence.number(Figure::Price);
            assert_eq!(price.is_some(), at_risk.is_some(), "the price is shown");
            let missing = missing.map_or_else(unknown, whole);
            format!("{missing} {}", at_risk.unwrap_or_else(unknown))
        });
        assert_eq!(said.collect::<Vec<_>>().join(" | "), expected);
    }
}

fn out() -> Condition {
    Condition::OutOfStock(OutOfStock { demand_min: 0 })
}

fn low() -> Condition {
    Condition::LowStock(LowStock { below: pieces(10) })
}

fn short(lead_hours: u32) -> Condition {
    Condition::ShortCover(ShortCover { lead_hours })
}

#[test]
fn an_empty_shelf_costs_what_was_not_sold_in_all_its_stretches() {
    let shelf = || Shelf::of(&[(0, 5), (1, 0), (2, -1), (3, 50)]);
    shelf().losing(&[0, 4, 3]).check(&[out()], "7 14");
    shelf().losing(&[0, 4, 0]).check(&[out()], "4 8");
    // Out twice, more than an hour apart: each costs its own.
    let twice = Shelf::of(&[(0, 0), (1, 50), (3, 0), (4, 50)]);
    twice.losing(&[4, 0, 3]).check(&[out()], "4 8 | 3 6");
}

#[test]
fn what_is_not_known_is_not_guessed() {
    let shelf = || Shelf::of(&[(0, 5), (1, 0)]);
    shelf().check(&[out()], "- -");
    shelf().losing(&[0, 4]).unpriced().check(&[out()], "4 -");
    shelf().check(&[low()], "- -");
}

#[test]
fn a_short_shelf_costs_what_will_be_wanted_until_the_delivery_and_is_not_there() {
    // 5 a day for 7 days are 35, of which 10 are there.
    let shelf = || Shelf::of(&[(0, 10)]).selling(5);
    shelf().check(&[short(7 * 24)], "25 50");
    shelf().unpriced().check(&[short(7 * 24)], "25 -");
    // Until tomorrow 5 are wanted.
    shelf().check(&[short(24)], "0 0");
}

#[test]
fn a_low_shelf_waits_as_long_as_the_store_s_deliveries_take() {
    let shelf = || Shelf::of(&[(0, 4)]).selling(5);
    shelf().check(&[low()], "31 62");
    shelf().check(&[low(), short(2 * 24)], "6 12");
}

#[test]
fn what_is_at_risk_is_told_to_the_hundredth() {
    let mut shelf = Shelf::of(&[(0, 0)]);
    // 3.3333 pieces of 0.05 are 0.166665.
    shelf.sights[0].lost = Some(Quantity(33_333));
    shelf.price = Some(Money(500));
    let rule = Rule::new("first", Severity::Warning, out());
    let desk = desk(vec![rule.clone()]);
    let levels = Levels {
        sights: shelf.sights,
        price: shelf.price,
    };
    let product = subject(SubjectKind::Product, "tea");
    let found = judge_stock(&desk, &rule, &product, &levels);
    assert_eq!(
        found[0].at_risk.map(|at_risk| at_risk.amount),
        Some(Money(1_700))
    );
}

#[test]
fn the_largest_numbers_saturate() {
    let mut shelf = Shelf::of(&[(0, 0), (1, -1)]);
    shelf.price = Some(Money(i64::MAX));
    let most = Some(Quantity(i64::MAX));
    shelf.sights.iter_mut().for_each(|sight| sight.lost = most);
    let all = (i64::MAX / SCALE).to_string();
    shelf.check(&[out()], &format!("{all} {all}"));
    let shelf = Shelf::of(&[(0, 1)]).selling(i64::MAX / SCALE);
    shelf.check(&[short(7 * 24)], &format!("{all} {all}"));
}
