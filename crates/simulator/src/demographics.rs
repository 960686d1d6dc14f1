//! Who the public are: shares of countries, devices and payment methods, to change as whole percents.
//! What people of a kind do in the shop is `behaviour`, not here.

use crate::agents::AGENTS;
use crate::places::COUNTRIES;
use crate::random::Percents;
use crate::sale::PaymentMethod;

/// The public's shares.
#[derive(Debug, Clone, PartialEq)]
pub struct Demographics {
    pub(crate) countries: Percents,
    pub(crate) agents: Percents,
    pub(crate) payments: Percents,
    /// Share of people who had an account before the story begins.
    pub members: f64,
}

impl Default for Demographics {
    fn default() -> Demographics {
        Demographics {
            countries: Percents::new(COUNTRIES.iter().map(|country| country.percent)),
            agents: Percents::new(AGENTS.iter().map(|agent| agent.percent)),
            payments: Percents::new(PaymentMethod::ALL.map(PaymentMethod::percent)),
            members: 0.45,
        }
    }
}

/// A share that was asked for under a name nobody has, or shares that leave nobody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} is none of: {known}")]
pub struct UnknownName {
    /// What was asked.
    pub name: String,
    /// What there is.
    pub known: String,
}

impl Demographics {
    /// People come from these countries, by weight; the others send nobody.
    pub fn set_countries<'n>(
        &mut self,
        weights: impl IntoIterator<Item = (&'n str, f64)>,
    ) -> Result<(), UnknownName> {
        let names: Vec<&str> = COUNTRIES.iter().map(|country| country.name).collect();
        self.countries = Percents::of_weights(&by_name(&names, weights)?);
        Ok(())
    }

    /// People pay by these methods, by weight; the others are not offered.
    pub fn set_payment_methods<'n>(
        &mut self,
        weights: impl IntoIterator<Item = (&'n str, f64)>,
    ) -> Result<(), UnknownName> {
        let names = PaymentMethod::ALL.map(PaymentMethod::name);
        self.payments = Percents::of_weights(&by_name(&names, weights)?);
        Ok(())
    }

    /// People hold these devices, by weight; within a kind of device, browsers keep their shares.
    pub fn set_devices<'n>(
        &mut self,
        weights: impl IntoIterator<Item = (&'n str, f64)>,
    ) -> Result<(), UnknownName> {
        let names = ["mobile", "desktop", "tablet"];
        let wanted = by_name(&names, weights)?;
        let usual = |device: &str| -> f64 {
            let of_device = AGENTS.iter().filter(|agent| agent.device == device);
            of_device.map(|agent| f64::from(agent.percent)).sum()
        };
        let weight = |agent: &crate::agents::Agent| {
            let place = names.iter().position(|name| *name == agent.device);
            let wanted = place.map_or(0.0, |place| wanted[place]);
            f64::from(agent.percent) * wanted / usual(agent.device)
        };
        let weights: Vec<f64> = AGENTS.iter().map(weight).collect();
        self.agents = Percents::of_weights(&weights);
        Ok(())
    }
}

/// Weights in the order of the names; what is not named weighs nothing, and something must weigh something.
fn by_name<'n>(
    names: &[&str],
    weights: impl IntoIterator<Item = (&'n str, f64)>,
) -> Result<Vec<f64>, UnknownName> {
    let unknown = |name: &str| UnknownName {
        name: name.to_owned(),
        known: names.join(", "),
    };
    let mut found = vec![0.0; names.len()];
    for (name, weight) in weights {
        let place = names.iter().position(|known| *known == name);
        let place = place.ok_or_else(|| unknown(name))?;
        if !weight.is_finite() || weight < 0.0 {
            return Err(unknown(&format!("{name} = {weight}")));
        }
        found[place] = weight;
    }
    if found.iter().sum::<f64>() > 0.0 {
        Ok(found)
    } else {
        Err(unknown("nobody"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asked_shares_replace_the_usual_ones() {
        let mut public = Demographics::default();
        public
            .set_countries([("Japan", 3.0), ("France", 1.0)])
            .expect("known countries");
        let japanese = (0..100)
            .filter(|bits| public.countries.choose(*bits) == 4)
            .count();
        assert_eq!(japanese, 75);
        public.set_devices([("tablet", 1.0)]).expect("known device");
        assert!(
            (0..100)
                .all(|bits| { AGENTS[usize::from(public.agents.choose(bits))].device == "tablet" })
        );
    }

    #[test]
    fn a_name_nobody_has_is_refused_with_those_there_are() {
        let error = Demographics::default()
            .set_payment_methods([("cash", 1.0)])
            .expect_err("no such method");
        assert_eq!(
            error.to_string(),
            "cash is none of: card, paypal, wallet, bank_transfer, invoice, gift_card"
        );
    }
}
