//! Which rules are tried: those of the configuration, or one of them with settings that are not in force.

use crate::cli::Backtest as Options;
use crate::config::{Config, StoreSettings, alerts};
use crate::exit::Problem;
use analytics::alert::Rule;
use event::nearest;
use std::collections::BTreeSet;
use std::sync::Arc;
use stream::{Store, StreamConfig};

/// Rules by store, as a line wants them.
pub struct Trial {
    /// How the line runs.
    pub line: StreamConfig,
    /// The rules' names, in the order in which to show them.
    pub names: Vec<Arc<str>>,
    /// What a store has that nobody wrote down.
    usual: Store,
}

impl Trial {
    /// Reads what is set and what is to be tried.
    pub fn of(config: &Config, options: &Options) -> Result<Trial, Problem> {
        let mut line = config.stream();
        line.checkpoint = None;
        let store = options.store.as_deref().unwrap_or("main");
        line.stores.0.entry(store.to_owned()).or_default();
        let unwritten = StoreSettings::default();
        let mut names = Vec::new();
        for (name, store) in &mut line.stores.0 {
            let settings = config.stores.get(name).unwrap_or(&unwritten);
            let is_asked = options.store.as_ref().is_none_or(|asked| asked == name);
            store.rules = if is_asked {
                rules(settings, options)?
            } else {
                Vec::new()
            };
            for rule in &store.rules {
                if !names.contains(&rule.name) {
                    names.push(Arc::clone(&rule.name));
                }
            }
        }
        if let (Some(rule), true) = (&options.rule, names.is_empty()) {
            return Err(unknown(rule, config));
        }
        let usual = Store {
            rules: rules(&unwritten, options).unwrap_or_default(),
            ..Store::default()
        };
        Ok(Trial { line, names, usual })
    }

    /// Takes in stores that a history speaks of and the configuration does not; whether there are any.
    pub fn meet(&mut self, met: &BTreeSet<String>) -> bool {
        let stores = &mut self.line.stores.0;
        let before = stores.len();
        for name in met {
            if !stores.contains_key(name) {
                stores.insert(name.clone(), self.usual.clone());
            }
        }
        stores.len() > before
    }

    /// A rule as it was tried in a store.
    pub fn rule(&self, store: &str, name: &str) -> Option<&Rule> {
        let rules = self.line.stores.0.get(store).unwrap_or(&self.usual);
        rules.rules.iter().find(|rule| &*rule.name == name)
    }

    /// In which a store's limits are meant.
    pub fn currency(&self, store: &str) -> &str {
        let store = self.line.stores.0.get(store).unwrap_or(&self.usual);
        store.currency.as_str()
    }
}

/// A store's rules: those that are asked; or the one, even where it is switched off.
fn rules(settings: &StoreSettings, options: &Options) -> Result<Vec<Rule>, Problem> {
    let Some(name) = &options.rule else {
        return Ok(alerts::rules(&settings.alerts));
    };
    let mut rules = alerts::all(&settings.alerts);
    rules.retain(|rule| *rule.name == **name);
    for rule in &mut rules {
        for tried in &options.tried {
            let (key, value) = tried.split_once('=').ok_or_else(|| {
                let what = format!("--try {tried} has no `=`");
                Problem::usage(what, "write it as --try above=500")
            })?;
            let set = alerts::set(rule, key.trim(), value.trim());
            set.map_err(|error| of_trial(alerts::explain_key(&error)))?;
        }
        alerts::check_rule(rule).map_err(of_trial)?;
    }
    Ok(rules)
}

fn of_trial(problem: Problem) -> Problem {
    Problem {
        what: format!("--try: {}", problem.what),
        ..problem
    }
}

fn unknown(name: &str, config: &Config) -> Problem {
    let written = config.stores.values().flat_map(|store| &store.alerts);
    let written = written.map(|alert| alert.name.clone());
    let usual = alerts::all(&[]).into_iter();
    let known: BTreeSet<String> = usual
        .map(|rule| rule.name.to_string())
        .chain(written)
        .collect();
    let near = nearest(name, known.iter().map(String::as_str));
    let mend = match near.as_slice() {
        [] => {
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            format!("rules: {}", known.join(", "))
        }
        near => format!("did you mean `{}`?", near.join("` or `")),
    };
    Problem::usage(format!("there is no rule `{name}`"), mend)
}
