//! Plans: what is left out stays, what is unknown is refused, and profiles are what they say.

use super::*;
use crate::{Behaviour, Demographics, Settings, Shop, Time};

const START: Time = Time(1_741_093_200_000_000);

fn settings(profile: &str, changes: Option<&str>) -> Settings {
    let plan = Plan::read(profile, changes).expect("a plan");
    plan.settings(1, START).expect("settings")
}

fn refusal(changes: &str) -> String {
    let made = Plan::read("default", Some(changes)).and_then(|plan| plan.settings(1, START));
    made.expect_err("refused").to_string()
}

#[test]
fn the_default_plan_is_the_default_behaviour_of_the_default_public() {
    let settings = settings("default", None);
    assert_eq!(settings.behaviour, Behaviour::default());
    assert_eq!(settings.demographics, Demographics::default());
    assert_eq!(settings.type_weights, crate::TypeWeights::default());
    let sizes = (settings.products, settings.categories, settings.customers);
    assert_eq!(sizes, (250_000, 100, 10_000_000));
    assert_eq!(settings.rate.events_per_second(), 500.0);
}

#[test]
fn every_profile_opens_a_shop() {
    for (name, _) in PROFILES {
        let plan = Plan::read(name, None).expect("a plan");
        plan.format().expect("a dialect");
        plan.limits(START).expect("limits");
        Shop::new(plan.settings(1, START).expect("settings")).expect("a shop");
    }
}

#[test]
fn a_file_changes_what_it_names_and_nothing_else() {
    let changed = settings(
        "default",
        Some(
            "[behaviour]\nbounce = 0.5\n[demographics]\ncountries = { Japan = 1 }\n[price_ranges]\nBooks = [10, 20]\n",
        ),
    );
    let usual = settings("default", None);
    assert_eq!(
        (changed.behaviour.bounce, usual.behaviour.bounce),
        (0.5, 0.22)
    );
    assert_eq!(changed.behaviour.leave, usual.behaviour.leave);
    assert_ne!(changed.demographics, usual.demographics);
    let books = changed
        .shelves
        .iter()
        .find(|category| category.name == "Books")
        .expect("Books");
    assert_eq!((books.dollars_min, books.dollars_max), (10, 20));
}

#[test]
fn shelves_of_ones_own_replace_the_built_in_ones() {
    let changes = "[shop]\nproducts = 40\n[price_ranges]\n[elasticity]\ndefault = -2.0\n[[categories]]\nname = \"Bicycles\"\nprice = [199, 4999]\ngoods = [\"City Bicycle\", \"Racing Bicycle\"]\n[[categories]]\nname = \"Bells\"\nprice = [5, 20]\ngoods = [\"Brass Bell\"]\n";
    let settings = settings("known-answers", Some(changes));
    assert_eq!(settings.categories, 2);
    let names: Vec<&str> = settings
        .shelves
        .iter()
        .map(|category| category.name)
        .collect();
    assert_eq!(names, ["Bicycles", "Bells"]);
    assert!(
        settings
            .shelves
            .iter()
            .all(|category| category.elasticity_hundredths == -200)
    );
}

#[test]
fn what_cannot_be_is_refused_by_its_key() {
    let cases = [
        ("[shop]\nprodukte = 5\n", "produkte"),
        ("[shop]\nproducts = \"many\"\n", "many"),
        ("[behaviour]\nbounce = 1.5\n", "bounce = 1.5"),
        (
            "[type_weights]\ncheckout_step = 2\n",
            "type_weights.checkout_step",
        ),
        ("[type_weights]\nteleport = 2\n", "type_weights.teleport"),
        ("[demographics]\ncountries = { Atlantis = 1 }\n", "Atlantis"),
        ("[price_ranges]\nBooks = [20, 10]\n", "price of Books"),
        ("[elasticity]\nBooks = 1.0\n", "elasticity.Books"),
        (
            "[anomalies_per_day]\nearthquake = 1\n",
            "anomalies_per_day.earthquake",
        ),
        ("[shop]\ncurrency = \"XXX\"\n", "shop.currency"),
        ("[pace]\nevents_per_second = 0\n", "pace.events_per_second"),
        ("nonsense", "expected"),
    ];
    for (changes, named) in cases {
        let refusal = refusal(changes);
        assert!(refusal.contains(named), "{changes}: {refusal}");
        assert!(!refusal.contains('\n'), "{refusal}");
    }
}

#[test]
fn an_unknown_profile_is_refused_with_those_there_are() {
    let error = Plan::read("globalmart", None).expect_err("no such profile");
    assert_eq!(
        error.to_string(),
        "no profile globalmart: there are default, globalmart-day, rees46-month, known-answers"
    );
}
