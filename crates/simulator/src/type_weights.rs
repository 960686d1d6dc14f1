//! How much more or less often a kind of event is chosen than usual: weights to change the mix of a shop.
//! A visit keeps its order whatever the weights: nobody checks out with an empty cart.

use crate::behaviour::Behaviour;
use crate::kind::Kind;
use crate::random::Random;

/// 1 for the usual frequency of a choice; 0 never, 2 twice as often against the other choices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeWeights([u16; Kind::COUNT]);

/// Weights are kept in hundredths.
const USUAL: u16 = 100;
/// Largest weight: a hundred times as often.
pub const TYPE_WEIGHT_MAX: f64 = 100.0;

/// Kinds that follow from others and are not chosen: they have no weight of their own.
const CONSEQUENCES: [Kind; 5] = [
    Kind::CheckoutStep,
    Kind::Login,
    Kind::SignUp,
    Kind::StockUpdate,
    Kind::PriceChange,
];

impl Default for TypeWeights {
    fn default() -> TypeWeights {
        TypeWeights([USUAL; Kind::COUNT])
    }
}

impl TypeWeights {
    /// The weight of a kind; false where the kind is no choice or the weight no weight.
    pub fn set(&mut self, kind: Kind, weight: f64) -> bool {
        let is_weight = (0.0..=TYPE_WEIGHT_MAX).contains(&weight);
        if !is_weight || CONSEQUENCES.contains(&kind) {
            return false;
        }
        self.0[kind as usize] = (weight * f64::from(USUAL)).round() as u16;
        true
    }

    fn factor(&self, kind: Kind) -> f64 {
        f64::from(self.0[kind as usize]) / f64::from(USUAL)
    }

    /// One of the choices, each with its usual percent; the first where everything weighs nothing.
    #[inline]
    pub(crate) fn choose(&self, choices: &[(Kind, u64)], random: &mut Random) -> usize {
        let weight = |(kind, percent): &(Kind, u64)| percent * u64::from(self.0[*kind as usize]);
        let total: u64 = choices.iter().map(weight).sum();
        let mut drawn = random.below(total.max(1));
        for (index, choice) in choices.iter().enumerate() {
            let weight = weight(choice);
            if drawn < weight {
                return index;
            }
            drawn -= weight;
        }
        0
    }

    /// The behaviour with the shares of yes and no that belong to a kind.
    pub(crate) fn applied_to(&self, behaviour: Behaviour) -> Behaviour {
        let share = |share: f64, kind: Kind| (share * self.factor(kind)).min(1.0);
        Behaviour {
            item_click: share(behaviour.item_click, Kind::ItemClick),
            cart_add: share(behaviour.cart_add, Kind::CartAdd),
            cart_view: share(behaviour.cart_view, Kind::CartView),
            cart_remove: share(behaviour.cart_remove, Kind::CartRemove),
            checkout: share(behaviour.checkout, Kind::CheckoutStart)
                * self.factor(Kind::Order).min(1.0),
            payment_error: share(behaviour.payment_error, Kind::PaymentError).min(0.95),
            refund: share(behaviour.refund, Kind::Refund),
            ..behaviour
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHOICES: [(Kind, u64); 3] = [
        (Kind::Search, 18),
        (Kind::ListView, 28),
        (Kind::ItemView, 54),
    ];

    fn hundredths(weights: &TypeWeights) -> [usize; 3] {
        let mut random = Random::seeded(3);
        let mut counts = [0; 3];
        for _ in 0..100_000 {
            counts[weights.choose(&CHOICES, &mut random)] += 1;
        }
        counts.map(|count| (count + 500) / 1_000)
    }

    #[test]
    fn a_choice_with_twice_the_weight_comes_twice_as_often_against_the_others() {
        let mut weights = TypeWeights::default();
        assert_eq!(hundredths(&weights), [18, 28, 54]);
        assert!(weights.set(Kind::Search, 2.0) && weights.set(Kind::ListView, 0.0));
        assert_eq!(hundredths(&weights), [40, 0, 60]);
    }

    #[test]
    fn consequences_and_wild_weights_are_refused() {
        let mut weights = TypeWeights::default();
        assert!(!weights.set(Kind::CheckoutStep, 2.0));
        assert!(!weights.set(Kind::Search, -1.0) && !weights.set(Kind::Search, f64::NAN));
        assert_eq!(weights, TypeWeights::default());
    }
}
