//! One visit as a small state machine: land, look around, fill a cart, perhaps check out, buy or leave.
//! It decides what happens next; when that is, is the shop's business.

use crate::assortment::MISSING_GOODS;
use crate::behaviour::Behaviour;
use crate::cart::{Cart, as_line};
use crate::catalogue::{Catalogue, Line};
use crate::event::{Detail, Origin, Page};
use crate::kind::Kind;
use crate::money::Currency;
use crate::population::{Device, Identity, Population, Visitor};
use crate::random::Random;
use crate::sale::{PaymentFailure, Wishes, bill};
use crate::story::{Lead, PlantedOrder, Tale};
use crate::time::Time;
use crate::type_weights::TypeWeights;

/// What visits are made in: the goods, the public, its manners, and a page to write lines on.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) catalogue: Catalogue,
    pub(crate) population: Population,
    pub(crate) behaviour: Behaviour,
    pub(crate) pricing: Pricing,
    pub(crate) random: Random,
    /// The products of the event just made.
    pub(crate) lines: Vec<Line>,
    pub(crate) type_weights: TypeWeights,
    pub(crate) tale: Tale,
    /// The moment that is made now.
    pub(crate) now: Time,
    /// Whether the order just made is a planted anomaly.
    pub(crate) planted_order: Option<PlantedOrder>,
}

/// Which currency prices are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pricing {
    /// One for all.
    OneCurrency(Currency),
    /// Each country's own.
    ByCountry,
}

impl World {
    pub(crate) fn currency(&self, visitor: &Visitor) -> Currency {
        match self.pricing {
            Pricing::OneCurrency(currency) => currency,
            Pricing::ByCountry => visitor.country().currency,
        }
    }
}

/// What the visitor does; orders get their number from the shop.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Act {
    pub(crate) kind: Kind,
    pub(crate) page: Page,
    pub(crate) detail: Detail,
    pub(crate) origin: Option<Origin>,
}

/// Where the visitor stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Arriving,
    Looking,
    InList,
    Clicked,
    AtProduct,
    JustAdded,
    InCart,
    /// Taking what the shop suggests before checkout: a bit for each product.
    Suggested(u16),
    SigningIn,
    /// Before this step of checkout, from 1.
    Step(u8),
    Paying,
    Bought,
    Gone,
}

/// Visitors with something in the cart who look at it again instead of at something else.
const CART_AGAIN_SHARE: f64 = 0.12;

const STEPS: [&str; 4] = ["address", "shipping", "payment", "review"];

/// One visit.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) who: Identity,
    /// Number of the visit within the run.
    pub(crate) number: u64,
    /// Number of the product in mind.
    pub(crate) focus: u32,
    pub(crate) cart: Cart,
    stage: Stage,
    lead: Option<Lead>,
}

impl Session {
    /// Someone at the door.
    pub(crate) fn begin(
        visitor: Visitor,
        number: u64,
        lead: Option<Lead>,
        world: &mut World,
    ) -> Session {
        let World {
            behaviour,
            random,
            population,
            ..
        } = world;
        let device = if random.chance(behaviour.second_device) {
            Device::Second
        } else {
            Device::First
        };
        let is_signed_in = device == Device::First
            && population.has_account(&visitor)
            && random.chance(behaviour.remembered);
        let who = Identity {
            visitor,
            device,
            is_signed_in,
            bot: None,
        };
        Session {
            who,
            number,
            focus: 0,
            cart: Cart::default(),
            stage: Stage::Arriving,
            lead,
        }
    }

    /// Whether nothing more will come.
    pub(crate) fn is_over(&self) -> bool {
        self.stage == Stage::Gone
    }

    /// The next thing the visitor does; its products are in `world.lines`.
    pub(crate) fn act(&mut self, world: &mut World) -> Act {
        world.lines.clear();
        match self.stage {
            Stage::Arriving => self.arrive(world),
            Stage::Looking => self.look(world),
            Stage::InList => self.choose_from_list(world),
            Stage::Clicked => self.follow_click(world),
            Stage::AtProduct => self.decide_at_product(world),
            Stage::JustAdded => self.continue_after_add(world),
            Stage::InCart => self.decide_at_cart(world),
            Stage::Suggested(products) => self.take_suggestion(products, world),
            Stage::SigningIn => self.sign_in(world),
            Stage::Step(step) => self.step(step, world),
            Stage::Paying => self.pay(world),
            Stage::Bought | Stage::Gone => self.end(),
        }
    }

    fn arrive(&mut self, world: &mut World) -> Act {
        let origin = Origin::of_bits(world.random.bits());
        let origin = self
            .lead
            .map_or(origin, |lead| Origin::Campaign(lead.label));
        self.turn_to_another(world);
        const CHOICES: [(Kind, u64); 4] = [
            (Kind::PageView, 44),
            (Kind::ListView, 18),
            (Kind::ItemView, 28),
            (Kind::Search, 10),
        ];
        let act = match world.type_weights.choose(&CHOICES, &mut world.random) {
            0 => self.open_page(Page::Home),
            1 => self.view_list(),
            2 => self.view_item(world),
            _ => self.search(world),
        };
        if world.random.chance(world.behaviour.bounce) {
            self.stage = Stage::Gone;
        }
        Act {
            origin: Some(origin),
            ..act
        }
    }

    /// Something else to look at, the cart again, or the way out.
    fn look(&mut self, world: &mut World) -> Act {
        if !self.cart.is_empty() && world.random.chance(CART_AGAIN_SHARE) {
            return self.view_cart(world);
        }
        self.turn_to_another(world);
        const CHOICES: [(Kind, u64); 6] = [
            (Kind::Search, 18),
            (Kind::ListView, 28),
            (Kind::ItemView, 42),
            (Kind::PageView, 6),
            (Kind::PageView, 3),
            (Kind::PageView, 3),
        ];
        let act = match world.type_weights.choose(&CHOICES, &mut world.random) {
            0 => self.search(world),
            1 => self.view_list(),
            2 => self.view_item(world),
            3 => self.open_page(Page::Home),
            4 => self.open_page(Page::Account),
            _ => self.open_page(Page::Help),
        };
        self.leave_perhaps(world.behaviour.leave, world);
        act
    }

    fn choose_from_list(&mut self, world: &mut World) -> Act {
        if !world.random.chance(world.behaviour.item_click) {
            return self.look(world);
        }
        let category = world.catalogue.product(self.focus).category_index() as u8;
        self.focus = world.catalogue.draw(category, &mut world.random);
        self.stage = Stage::Clicked;
        self.about_focus(Kind::ItemClick, Page::List, world)
    }

    fn follow_click(&mut self, world: &mut World) -> Act {
        let act = self.view_item(world);
        self.leave_perhaps(world.behaviour.leave, world);
        act
    }

    fn decide_at_product(&mut self, world: &mut World) -> Act {
        if self.takes_product(world) {
            return self.add_to_cart(world);
        }
        const CHOICES: [(Kind, u64); 4] = [
            (Kind::WishlistAdd, 4),
            (Kind::Share, 1),
            (Kind::Review, 1),
            (Kind::ItemView, 94),
        ];
        let kind = match world.type_weights.choose(&CHOICES, &mut world.random) {
            3 => return self.look(world),
            index => CHOICES[index].0,
        };
        self.stage = Stage::Looking;
        self.about_focus(kind, Page::Product, world)
    }

    fn takes_product(&self, world: &mut World) -> bool {
        let World {
            tale,
            catalogue,
            behaviour,
            random,
            ..
        } = world;
        let share = behaviour.cart_add;
        tale.is_taken(self.cart.wanted(self.focus), share, catalogue)
            .unwrap_or_else(|| random.chance(share))
    }

    fn add_to_cart(&mut self, world: &mut World) -> Act {
        let quantity = match world.random.below(20) {
            0..16 => 1,
            16..19 => 2,
            _ => 3 + world.random.below(3) as u8,
        };
        let added = self.cart.add(self.focus, quantity);
        self.focus = added.0;
        world.lines.push(as_line(added, &world.catalogue));
        self.stage = Stage::JustAdded;
        self.leave_perhaps(world.behaviour.leave, world);
        plain(Kind::CartAdd, Page::Product)
    }

    fn continue_after_add(&mut self, world: &mut World) -> Act {
        if !world.random.chance(world.behaviour.cart_view) {
            return self.look(world);
        }
        self.view_cart(world)
    }

    fn view_cart(&mut self, world: &mut World) -> Act {
        world.lines.extend(self.cart.lines(&world.catalogue));
        self.stage = Stage::InCart;
        self.leave_perhaps(world.behaviour.cart_leave, world);
        plain(Kind::CartView, Page::Cart)
    }

    fn decide_at_cart(&mut self, world: &mut World) -> Act {
        if world.random.chance(world.behaviour.checkout) {
            let suggested = world.tale.suggestions.draw(&mut world.random);
            return self.take_suggestion(suggested, world);
        }
        if world.random.chance(world.behaviour.cart_remove)
            && let Some(removed) = self.cart.remove_any(&mut world.random)
        {
            world.lines.push(as_line(removed, &world.catalogue));
            self.stage = if self.cart.is_empty() {
                Stage::Looking
            } else {
                Stage::InCart
            };
            return plain(Kind::CartRemove, Page::Cart);
        }
        self.look(world)
    }

    /// One more product that the shop suggested; checkout when there is none left.
    fn take_suggestion(&mut self, products: u16, world: &mut World) -> Act {
        let Some((product, left)) = world.tale.suggestions.take(products) else {
            return self.start_checkout(world);
        };
        self.focus = product;
        let added = self.cart.add_suggested(product);
        world.lines.push(as_line(added, &world.catalogue));
        self.stage = Stage::Suggested(left);
        plain(Kind::CartAdd, Page::Cart)
    }

    fn start_checkout(&mut self, world: &mut World) -> Act {
        world.lines.extend(self.cart.lines(&world.catalogue));
        self.stage = if self.who.is_signed_in {
            Stage::Step(1)
        } else {
            Stage::SigningIn
        };
        self.leave_perhaps(world.behaviour.checkout_leave, world);
        plain(Kind::CheckoutStart, Page::Checkout)
    }

    fn sign_in(&mut self, world: &mut World) -> Act {
        self.stage = Stage::Step(1);
        if world.population.has_account(&self.who.visitor) {
            self.who.is_signed_in = true;
            return plain(Kind::Login, Page::Account);
        }
        if world.random.chance(world.behaviour.guest) {
            return self.step(1, world);
        }
        world.population.sign_up(&self.who.visitor);
        self.who.is_signed_in = true;
        plain(Kind::SignUp, Page::Account)
    }

    fn step(&mut self, number: u8, world: &mut World) -> Act {
        self.stage = if usize::from(number) < STEPS.len() {
            Stage::Step(number + 1)
        } else {
            Stage::Paying
        };
        self.leave_perhaps(world.behaviour.checkout_leave, world);
        let detail = Detail::Step {
            number,
            name: STEPS[usize::from(number) - 1],
        };
        Act {
            detail,
            ..plain(Kind::CheckoutStep, Page::Checkout)
        }
    }

    fn pay(&mut self, world: &mut World) -> Act {
        let payment_errors = world
            .tale
            .payment_errors(world.behaviour.payment_error, world.now);
        if world.random.chance(payment_errors) {
            self.leave_perhaps(1.0 - world.behaviour.payment_retry, world);
            let failure = PaymentFailure::draw(&mut world.random);
            return Act {
                detail: Detail::PaymentError(failure),
                ..plain(Kind::PaymentError, Page::Checkout)
            };
        }
        self.stage = if world.random.chance(0.5) {
            Stage::Bought
        } else {
            Stage::Gone
        };
        world.planted_order = world.tale.plant_in_cart(&mut self.cart, &world.catalogue);
        world.lines.extend(self.cart.lines(&world.catalogue));
        let wishes = Wishes::draw(&mut world.random, world.behaviour.coupon);
        let bill = bill(
            &world.lines,
            world.currency(&self.who.visitor),
            self.who.visitor.country(),
            wishes,
        );
        Act {
            detail: Detail::Order { order: 0, bill },
            ..plain(Kind::Order, Page::Checkout)
        }
    }

    fn end(&mut self) -> Act {
        self.stage = Stage::Gone;
        plain(Kind::PageView, Page::ThankYou)
    }

    fn open_page(&mut self, page: Page) -> Act {
        self.stage = Stage::Looking;
        plain(Kind::PageView, page)
    }

    fn view_list(&mut self) -> Act {
        self.stage = Stage::InList;
        plain(Kind::ListView, Page::List)
    }

    fn view_item(&mut self, world: &mut World) -> Act {
        self.stage = Stage::AtProduct;
        self.about_focus(Kind::ItemView, Page::Product, world)
    }

    /// One search in twenty finds nothing.
    fn search(&mut self, world: &mut World) -> Act {
        let finds = world.random.below(20) > 0;
        self.stage = if finds { Stage::InList } else { Stage::Looking };
        let words = (!finds)
            .then(|| MISSING_GOODS[world.random.popular(MISSING_GOODS.len() as u64) as usize]);
        let results = if finds {
            1 + world.random.popular(240) as u32
        } else {
            0
        };
        Act {
            detail: Detail::Search { words, results },
            ..plain(Kind::Search, Page::Results)
        }
    }

    fn about_focus(&self, kind: Kind, page: Page, world: &mut World) -> Act {
        world.lines.push(as_line((self.focus, 1), &world.catalogue));
        plain(kind, page)
    }

    fn turn_to_another(&mut self, world: &mut World) {
        let World {
            behaviour,
            random,
            catalogue,
            ..
        } = world;
        let bits = random.bits();
        let category = match (random.chance(behaviour.own_taste), self.lead) {
            // Whoever follows a campaign looks at what it is about, and nothing else on the first page.
            (
                _,
                Some(Lead {
                    category: Some(category),
                    ..
                }),
            ) if self.stage == Stage::Arriving => category,
            (true, _) => self.who.visitor.tastes[(bits % 3) as usize],
            (false, _) => catalogue.wanted_category(bits),
        };
        self.focus = catalogue.draw(category, random);
    }

    fn leave_perhaps(&mut self, share: f64, world: &mut World) {
        if world.random.chance(share) {
            self.stage = Stage::Gone;
        }
    }
}

fn plain(kind: Kind, page: Page) -> Act {
    Act {
        kind,
        page,
        detail: Detail::None,
        origin: None,
    }
}
