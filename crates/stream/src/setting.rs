//! What shards know from the beginning, out of what the stores say of themselves.

use crate::inventory::{InventorySetting, StoreInventory};
use crate::names::Names;
use crate::persons::PersonSetting;
use crate::shard::ShardSetting;
use crate::{Store, Stores};
use analytics::bot::VisitorKinds;
use analytics::cell::NameId;
use analytics::funnel::FunnelError;
use analytics::session::Channel;
use analytics::window::Calendar;
use event::derive::DeviceType;
use std::sync::Arc;

/// Everything that all shards know. So the first names are those of stores, of steps of funnels and of channels,
/// whatever checkpoint is gone on from.
pub fn shard_setting(stores: &Stores, names: &mut Names) -> Result<ShardSetting, FunnelError> {
    let bot_device = names.id(DeviceType::Bot.name());
    let mut rules = |store: &Store| {
        let mut rules = store.person_rules(|name| names.id(name))?;
        rules.sessions.bots.device = Some(bot_device);
        Ok::<_, FunnelError>(rules)
    };
    let usual = rules(&Store::default())?;
    let of_persons = stores.0.values().map(|store| Ok(Arc::new(rules(store)?)));
    let of_persons = of_persons.collect::<Result<Vec<_>, FunnelError>>()?;
    let ids: Vec<NameId> = stores.0.keys().map(|name| names.id(name)).collect();
    // So the watch knows a store's rules even where nothing that it accepts ever names a currency.
    let mut currency = |store: &Store| names.id(store.currency.as_str());
    let currencies: Vec<NameId> = stores.0.values().map(&mut currency).collect();
    let usual_currency = currency(&Store::default());
    let inventory = ids.iter().zip(currencies).zip(stores.0.values());
    let inventory = inventory.map(|((id, currency), store)| StoreInventory {
        store: *id,
        currency,
        stock: store.stock,
        prices: store.prices,
        calendar: Calendar::new(store.zone.clone()),
    });
    Ok(ShardSetting {
        persons: PersonSetting {
            usual,
            stores: ids.iter().copied().zip(of_persons).collect(),
            channels: std::array::from_fn(|at| names.id(Channel::ALL[at].name())),
            visitor_kinds: VisitorKinds::resolve(|name| names.id(name)),
        },
        inventory: InventorySetting {
            currency: usual_currency,
            stores: inventory.collect(),
        },
    })
}
