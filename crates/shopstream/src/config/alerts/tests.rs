//! Rules as they are written: what holds then, and what is said of those that cannot be meant.

use super::*;
use crate::config::Config;
use figment::Figment;
use figment::providers::{Format, Serialized, Toml};

fn config(toml: &str) -> Config {
    let figment = Figment::from(Serialized::defaults(Config::default()));
    let figment = figment.merge(Toml::string(toml));
    figment.extract().expect("is a configuration")
}

/// The settings that hold of a rule of the store `main`: `key=value …`.
fn held(toml: &str, rule: &str) -> String {
    let config = config(toml);
    let store = &config.stores["main"];
    store.check("main").expect("can be meant");
    let asked = store.store().rules;
    let shown = shown(&store.alerts);
    let shown = shown.iter().find(|shown| shown.name == rule);
    let Some(shown) = shown else {
        return "none".to_owned();
    };
    let is_asked = asked.iter().any(|asked| *asked.name == *rule);
    assert_eq!(is_asked, shown.enabled);
    let settings = shown.settings.iter();
    let settings: Vec<String> = settings
        .filter(|(key, _)| !["window_minutes", "forgotten_after_hours"].contains(&key.as_str()))
        .map(|(key, value)| format!("{key}={}", value.to_string().trim_matches('"')))
        .collect();
    format!(
        "{} {} {}{}",
        shown.kind.as_deref().unwrap_or("?"),
        shown.severity.as_deref().unwrap_or("?"),
        settings.join(" "),
        if shown.enabled { "" } else { " off" }
    )
}

fn check(rule: &str, name: &str, expected: &str) {
    let toml = format!("[[stores.main.alerts]]\n{rule}\n");
    assert_eq!(held(&toml, name), expected, "{rule}");
}

#[track_caller]
fn check_refused(rule: &str, expected: &str) {
    let config = config(&format!("[[stores.main.alerts]]\n{rule}\n"));
    let refused = config.stores["main"].check("main").expect_err(rule);
    let said = format!("{} | {}", refused.what, refused.mend);
    let said = said.strip_prefix("stores.main.alerts: ").expect(&said);
    assert_eq!(said, expected);
}

#[test]
fn a_usual_rule_keeps_what_is_not_written_over_it() {
    check(
        "name = 'high_value_order'\nabove = 2500.50",
        "high_value_order",
        "high_value info above=2500.5",
    );
    check(
        "name = 'high_value_order'\nabove = '2500'\nseverity = 'critical'",
        "high_value_order",
        "high_value critical above=2500",
    );
    check(
        "name = 'low_stock'\nenabled = false",
        "low_stock",
        "low_stock info below=10 off",
    );
    check(
        "name = 'order_unlike_category'\nz_above = 3.5",
        "order_unlike_category",
        "unlike info against=category days=28 distance=ratio measured=order_value observations_min=50 \
         scatter_min_percent=10 z_above=3.5",
    );
    check(
        "name = 'quarantine_share'\nabove = 0.05",
        "quarantine_share",
        "quarantine_share critical above=0.05 events_min=100",
    );
    check(
        "name = 'lag'\nabove_s = 30",
        "lag",
        "lag critical above_s=30",
    );
}

#[test]
fn another_name_adds_a_rule_that_begins_with_the_usual_one_of_its_kind() {
    check(
        "name = 'pallets'\nkind = 'unusual_quantity'\nabove = 500",
        "pallets",
        "unusual_quantity warning above=500",
    );
    check(
        "name = 'bulk'\nkind = 'unlike'\nagainst = 'product'\nz_above = 6",
        "bulk",
        "unlike info against=product days=28 distance=ratio measured=pieces observations_min=8 \
         scatter_min_percent=100 z_above=6",
    );
    check(
        "name = 'odd'\nkind = 'unlike'\nagainst = 'store'",
        "odd",
        "unlike info against=store days=28 distance=ratio measured=order_value observations_min=50 \
         scatter_min_percent=10 z_above=4",
    );
    check(
        "name = 'german_money'\nkind = 'rate'\nmetric = 'revenue'\nsplit = 'country=DE'\nleast = 250.5",
        "german_money",
        "rate warning direction=either least=250.5 metric=revenue seasons_min=3 split=country=DE step_minutes=5 weeks=8 \
         z_above=4",
    );
    check(
        "name = 'carts'\nkind = 'funnel_break'\nfunnel = 'purchase'",
        "carts",
        "funnel_break critical entered_min=100 funnel=purchase observations_min=24 z_above=4",
    );
}

#[test]
fn every_kind_can_be_added_and_reads_back_as_it_is_shown() {
    for kind in KINDS {
        let more = match kind {
            "rate" => "metric = 'orders'",
            "funnel_break" => "funnel = 'purchase'",
            _ => "",
        };
        let toml = format!("[[stores.main.alerts]]\nname = 'own'\nkind = '{kind}'\n{more}\n");
        let written = config(&toml).stores["main"].clone();
        written.check("main").expect(kind);
        let again = shown(&shown(&written.alerts));
        assert_eq!(rules(&again), rules(&written.alerts), "{kind}");
    }
}

#[test]
fn where_nothing_is_written_the_usual_rules_hold() {
    assert_eq!(rules(&[]), usual_rules());
    assert_eq!(rules(&shown(&[])), usual_rules());
}

#[test]
fn what_cannot_be_meant_is_told_with_what_could_be() {
    check_refused(
        "name = 'high_value_ordr'\nabove = 5",
        "rule `high_value_ordr`: no usual rule has this name, and one of your own needs a `kind` | \
         did you mean `high_value_order`?",
    );
    check_refused(
        "name = 'a'\nkind = 'low_stok'",
        "rule `a`: there is no kind `low_stok` | did you mean `low_stock`?",
    );
    check_refused(
        "name = 'low_stock'\nbelow_ = 5",
        "rule `low_stock`: a rule of kind low_stock has no setting `below_` | did you mean `below`?",
    );
    check_refused(
        "name = 'low_stock'\nseverty = 'info'",
        "rule `low_stock`: a rule of kind low_stock has no setting `severty` | did you mean `severity`?",
    );
    check_refused(
        "name = 'low_stock'\nkind = 'lag'",
        "rule `low_stock`: it is a usual rule of kind low_stock, and no lag | leave `kind` out, or give the rule a name of \
         its own",
    );
    check_refused(
        "name = 'low_stock'\nseverity = 'warn'",
        "rule `low_stock`: there is no severity `warn` | known: info, warning, critical",
    );
    check_refused(
        "name = 'low_stock'\nbelow = 'few'",
        "rule `low_stock`: below: `few` is no number that this can be | docs/alerts.md tells the settings of each kind",
    );
    check_refused(
        "name = 'low_stock'\nbelow = -1",
        "rule `low_stock`: below: `-1` is no number that this can be | docs/alerts.md tells the settings of each kind",
    );
    check_refused(
        "name = 'price_mistake'\ntimes = 1",
        "rule `price_mistake`: times must be from 2 to 1000000, not 1 | docs/alerts.md tells the settings of each kind",
    );
    check_refused(
        "name = 'quarantine_share'\nabove = 2",
        "rule `quarantine_share`: above must be from 0.0001 to 1, not 2 | docs/alerts.md tells the settings of each kind",
    );
    check_refused(
        "name = 'lag'\nabove_s = 0",
        "rule `lag`: above_s must be more than 0 | docs/alerts.md tells the settings of each kind",
    );
    check_refused(
        "name = 'x'\nkind = 'rate'\nmetric = 'revenu'",
        "rule `x`: there is no metric \"revenu\"; did you mean revenue or events? | docs/alerts.md tells the settings of each kind",
    );
    check_refused(
        "name = 'x'\nkind = 'rate'\nmetric = 'revenue'\nsplit = 'contry=DE'",
        "rule `x`: there is no dimension \"contry\"; did you mean country? | docs/alerts.md tells the settings of each kind",
    );
    check_refused(
        "name = 'x'\nkind = 'rate'",
        "rule `x`: a rule of kind rate needs a `metric` | docs/alerts.md tells the settings of each kind",
    );
    check_refused(
        "name = 'x'\nkind = 'rate'\nmetric = 'orders'\ndirection = 'up'",
        "rule `x`: direction: `up` is not among its values | known: above, below, either",
    );
    check_refused(
        "name = 'x'\nkind = 'funnel_break'\nfunnel = 'purchases'",
        "rule `x`: the store has no funnel `purchases` | did you mean `purchase`?",
    );
    check_refused(
        "name = 'two words'\nkind = 'lag'",
        "rule `two words`: a name is 1 to 64 letters, digits, `_`, `-` and `.` | such as `big_baskets`",
    );
    check_refused(
        "name = 'low_stock'\n[[stores.main.alerts]]\nname = 'low_stock'",
        "rule `low_stock`: it is written down twice | put both into one table",
    );
}

#[test]
fn a_store_has_sixty_four_rules_at_most() {
    let rule = |at: usize| format!("[[stores.main.alerts]]\nname = 'r{at}'\nkind = 'lag'\n");
    let added = RULES_MAX - usual_rules().len();
    let check = |count: usize| {
        let toml: String = (0..count).map(rule).collect();
        config(&toml).stores["main"].check("main")
    };
    check(added).expect("as many as may be");
    let refused = check(added + 1).expect_err("one too many");
    assert_eq!(
        refused.what,
        "stores.main.alerts: 65 rules are more than 64"
    );
}
