//! How visitors behave, as numbers to change: shares of what they do next and the time they take.
//! The defaults give six views and two cart events to two events of checkout, with two carts of three left behind.

use crate::kind::Kind;
use crate::random::Random;

/// Shares are from 0 to 1, times in seconds.
#[derive(Debug, Clone, PartialEq)]
pub struct Behaviour {
    /// Visits by people who come often.
    pub regulars: f64,
    /// Visits that end with their first event.
    pub bounce: f64,
    /// Visits begun signed in, by people with an account.
    pub remembered: f64,
    /// Visits from the second device.
    pub second_device: f64,
    /// Leaving after any event of looking around.
    pub leave: f64,
    /// Clicking on a product in a list.
    pub item_click: f64,
    /// Putting a product into the cart after seeing its page.
    pub cart_add: f64,
    /// Looking at the cart after putting something in.
    pub cart_view: f64,
    /// Taking something out while looking at the cart.
    pub cart_remove: f64,
    /// Leaving while looking at the cart.
    pub cart_leave: f64,
    /// Going from the cart to checkout.
    pub checkout: f64,
    /// Leaving at each step of checkout.
    pub checkout_leave: f64,
    /// Payments that fail.
    pub payment_error: f64,
    /// Failed payments that are tried again.
    pub payment_retry: f64,
    /// People without account who buy as guests.
    pub guest: f64,
    /// Orders with a coupon.
    pub coupon: f64,
    /// Orders given back, whole or in part.
    pub refund: f64,
    /// Products looked at for the visitor's own tastes, not what everybody looks at.
    pub own_taste: f64,
    /// Mean time from one event to the next.
    pub think_seconds: f64,
}

impl Default for Behaviour {
    fn default() -> Behaviour {
        Behaviour {
            regulars: 0.45,
            bounce: 0.22,
            remembered: 0.55,
            second_device: 0.2,
            leave: 0.075,
            item_click: 0.62,
            cart_add: 0.6,
            cart_view: 0.4,
            cart_remove: 0.14,
            cart_leave: 0.13,
            checkout: 0.66,
            checkout_leave: 0.062,
            payment_error: 0.07,
            payment_retry: 0.7,
            guest: 0.4,
            coupon: 0.12,
            refund: 0.05,
            own_taste: 0.8,
            think_seconds: 15.0,
        }
    }
}

impl Behaviour {
    /// Many short visits by many people, but who fills a cart means it: the widest state for the fewest events.
    #[must_use]
    pub fn passers_by() -> Behaviour {
        let looking = Behaviour {
            regulars: 0.2,
            bounce: 0.5,
            leave: 0.2,
            cart_add: 0.4,
            ..Behaviour::default()
        };
        Behaviour {
            checkout: 0.75,
            checkout_leave: 0.04,
            ..looking
        }
    }

    /// Microseconds until the visitor's next event: mostly short, now and then minutes, never a session's end.
    pub(crate) fn think_micros(&self, kind: Kind, random: &mut Random) -> i64 {
        let unit = random.unit();
        // 0.25 + 3 u³ has the mean 1; one pause in two hundred is a phone call of up to 15 minutes.
        let mut seconds = self.think_seconds * pace(kind) * (0.25 + 3.0 * unit * unit * unit);
        if random.chance(0.005) {
            seconds += 900.0 * random.unit();
        }
        (seconds * 1e6) as i64
    }
}

/// How long a kind of event holds attention against the mean.
fn pace(kind: Kind) -> f64 {
    match kind {
        Kind::ItemClick => 0.1,
        Kind::Login | Kind::SignUp | Kind::CartAdd => 0.5,
        Kind::ItemView | Kind::CheckoutStep => 1.5,
        _ => 1.0,
    }
}
