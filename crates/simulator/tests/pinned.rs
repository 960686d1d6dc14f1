//! Bytes that must never change: figures of different days are compared over them.

use simulator::{Format, Settings, Shop, Time, workload_w, write_event};

/// FNV-1a, 64 bits.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[test]
fn workload_w_is_the_same_file_for_ever() {
    let prints = [(1, 20_000), (77, 5_000)].map(|(seed, lines)| {
        let mut bytes = Vec::new();
        workload_w(seed, lines, &mut bytes).expect("memory takes everything");
        fingerprint(&bytes)
    });
    assert_eq!(
        prints,
        [7_076_321_583_019_055_973, 6_076_493_606_693_873_910]
    );
}

#[test]
fn the_default_shop_stays_the_same_shop() {
    let mut shop = Shop::new(Settings::new(1, Time(1_741_093_200_000_000))).expect("defaults");
    let mut bytes = Vec::new();
    for _ in 0..20_000 {
        write_event(&shop.next_event(), Format::Canonical, &mut bytes);
    }
    assert_eq!(fingerprint(&bytes), 8_090_385_931_868_956_342);
}
