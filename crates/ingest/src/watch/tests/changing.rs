//! Files that shrink, are replaced, written over or vanish while they are read: what was read stays, the rest is read
//! when it can be, and the other files of the folder are not held up.

use super::*;

const ROWS: usize = 100_000;

/// A long file, read for a few turns; beside it a short one that has nothing to do with it.
fn half_way(text: &str) -> Shop {
    let mut shop = shop();
    shop.write("long.csv", text);
    shop.write("short.csv", format!("{HEADER}{}", rows(900_000, 900_003)));
    shop.pass(2);
    shop.time.advance(Duration::from_secs(1));
    shop.turns(5);
    shop
}

fn text() -> String {
    format!("{HEADER}{}", rows(0, ROWS))
}

#[track_caller]
fn check(mut shop: Shop, expected: usize) {
    shop.pass(6);
    assert!(shop.path("done/short.csv").exists(), "the others go on");
    assert_eq!(shop.says(), "ok");
    shop.check(&(expected + 3).to_string());
}

#[test]
fn of_a_file_that_shrinks_the_rows_before_the_cut_count_once_and_half_a_row_never() {
    let text = text();
    let shop = half_way(&text);
    let cut = format!("{HEADER}{}", rows(0, 80_000)).len();
    shop.cut("long.csv", cut as u64);
    check(shop, 80_000);
}

#[test]
fn of_a_file_cut_to_less_than_was_read_what_was_read_stays() {
    let text = text();
    let mut shop = half_way(&text);
    shop.cut("long.csv", format!("{HEADER}{}", rows(0, 100)).len() as u64);
    shop.pass(6);
    let held = shop.held();
    let count = |name: &str| -> u64 {
        let words: Vec<&str> = held.split(' ').collect();
        let at = words
            .iter()
            .position(|word| *word == name)
            .expect("a figure");
        words[at - 1].parse().expect("a number")
    };
    // The hundred rows that are left are read again, and known by their ids.
    assert_eq!((count("repeats"), count("aside")), (100, 0), "{held}");
    assert!(count("accepted") > 10_000, "{held}");
    assert!(shop.path("done/long.csv").exists() && shop.path("done/short.csv").exists());
}

#[test]
fn a_file_that_vanishes_is_read_to_its_end() {
    let shop = half_way(&text());
    fs::remove_file(shop.path("long.csv")).expect("is removed");
    check(shop, ROWS);
}

#[test]
fn of_a_file_that_is_replaced_both_are_read() {
    let shop = half_way(&text());
    shop.write("new.tmp", format!("{HEADER}{}", rows(ROWS, ROWS + 50)));
    fs::rename(shop.path("new.tmp"), shop.path("long.csv")).expect("is renamed");
    check(shop, ROWS + 50);
}

#[test]
fn a_file_that_grows_while_it_is_read_is_read_on() {
    let shop = half_way(&text());
    shop.append("long.csv", &rows(ROWS, ROWS + 50));
    check(shop, ROWS + 50);
}

#[test]
fn a_file_that_loses_half_a_row_for_a_moment_counts_the_row_once() {
    let text = text();
    let mut shop = half_way(&text);
    shop.cut("long.csv", text.len() as u64 - 10);
    shop.run();
    shop.append("long.csv", &text[text.len() - 10..]);
    check(shop, ROWS);
}

#[test]
fn a_file_written_over_is_read_as_what_it_has_become() {
    let mut shop = Shop::with(|_| ());
    let old = format!("{HEADER}{}", rows(10_000, 19_000));
    shop.write("a.csv", &old);
    shop.pass(4);
    shop.write("a.csv", old.replace("Lamp", "Sofa"));
    shop.pass(4);
    shop.check("18000");
}
