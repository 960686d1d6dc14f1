//! Which files are taken, how often, and where they go.

use super::*;
use flate2::Compression;
use flate2::write::GzEncoder;

#[test]
fn a_file_is_taken_when_it_stands_still_and_goes_when_it_is_in_the_log() {
    let mut shop = shop();
    shop.write("a.csv", format!("{HEADER}{}", rows(0, 3)));
    shop.pass(1);
    shop.check("0");
    shop.append("a.csv", &rows(3, 5));
    shop.pass(4);
    shop.check("5");
    assert!(shop.path("done/a.csv").exists() && !shop.path("a.csv").exists());
    assert_eq!(shop.says(), "ok");
}

#[test]
fn a_file_renamed_from_an_unfinished_name_is_taken_at_once() {
    let mut shop = shop();
    shop.write("a.csv.part", format!("{HEADER}{}", rows(0, 3)));
    shop.pass(9);
    shop.check("0");
    fs::rename(shop.path("a.csv.part"), shop.path("a.csv")).expect("is renamed");
    shop.pass(1);
    shop.check("3");
}

#[test]
fn a_file_that_stays_is_read_once_even_when_all_that_was_written_down_is_lost() {
    let mut shop = Shop::with(|_| ());
    shop.write(
        "a.csv",
        format!("{HEADER}{}view,never,1,Lamp\n", rows(0, 9_000)),
    );
    let expected = "9001 rows 9000 accepted 1 aside 9000 lines 0 repeats";
    shop.pass(9);
    shop.check(expected);
    for _ in 0..2 {
        shop.kill_and_start();
        shop.pass(4);
        shop.check(expected);
        shop.forget_state();
    }
}

#[test]
fn a_file_killed_half_way_is_read_on_from_the_row_the_log_has() {
    let mut shop = Shop::with(|_| ());
    let broken = "view,never,1,Lamp\n";
    shop.write(
        "a.csv",
        format!("{HEADER}{broken}{}{broken}", rows(0, 60_000)),
    );
    shop.pass(2);
    shop.time.advance(Duration::from_secs(1));
    shop.turns(6);
    shop.kill_and_start();
    let begun = shop.held();
    assert!(
        !begun.starts_with("0 rows") && !begun.starts_with("60002 rows"),
        "{begun}"
    );
    shop.pass(5);
    shop.check("60002 rows 60000 accepted 2 aside 60000 lines 0 repeats");
}

#[test]
fn the_same_file_under_two_names_adds_nothing() {
    let mut shop = shop();
    let text = format!("{HEADER}{}", rows(0, 10_000));
    shop.write("a.csv", &text);
    shop.write("b.csv", &text);
    shop.pass(5);
    shop.check("10000");
    shop.write("a.csv", &text);
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(text.as_bytes()).expect("in memory");
    shop.write("c.csv.gz", packed.finish().expect("in memory"));
    shop.pass(5);
    shop.check("10000");
    for name in ["a.csv", "a.csv.1", "b.csv", "c.csv.gz"] {
        assert!(shop.path("done").join(name).exists(), "{name}");
    }
}

#[test]
fn files_that_begin_alike_are_each_read() {
    let mut shop = shop();
    for (name, from) in [("a.csv", 10), ("b.csv", 20), ("c.csv", 30)] {
        shop.write(
            name,
            format!("{HEADER}{}{}", rows(0, 2), rows(from, from + 3)),
        );
        shop.pass(4);
    }
    // The two rows they have in common come again, and are known by their ids.
    shop.check("15 rows 15 accepted 0 aside 15 lines 4 repeats");
}

#[test]
fn a_file_that_has_grown_brings_its_new_rows() {
    let mut shop = Shop::with(|_| ());
    shop.write("a.csv", format!("{HEADER}{}", rows(0, 5_000)));
    shop.pass(4);
    shop.append("a.csv", &rows(0, 10));
    shop.pass(4);
    shop.check("5010");
    shop.kill_and_start();
    shop.forget_state();
    shop.append("a.csv", &rows(0, 10));
    shop.pass(4);
    shop.check("5020");
}

#[test]
fn an_order_whose_lines_come_later_gets_them_after_a_restart_too() {
    let line = |order: &str, code: u32| {
        format!("{order},{code},thing,1,2010-12-01 08:26:00,2.50,17850,France\n")
    };
    let mut shop = Shop::with(|_| ());
    let header =
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";
    shop.write(
        "a.csv",
        format!("{header}{}{}", line("536365", 1), line("536365", 2)),
    );
    shop.pass(4);
    for code in 3..5 {
        shop.kill_and_start();
        shop.forget_state();
        shop.append("a.csv", &line("536365", code));
        shop.pass(4);
    }
    shop.check("4 rows 3 accepted 0 aside 4 lines 0 repeats");
}

#[test]
fn what_cannot_be_read_goes_aside_with_the_reason_and_holds_up_nobody() {
    let mut shop = shop();
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    let text = format!("{HEADER}{}", rows(0, 20_000));
    packed.write_all(text.as_bytes()).expect("in memory");
    let packed = packed.finish().expect("in memory");
    shop.write("cut.csv.gz", &packed[..packed.len() / 2]);
    shop.write("picture.png", [0, 1, 2, 3, 4, 5]);
    shop.write("good.csv", format!("{HEADER}{}", rows(30_000, 30_002)));
    shop.pass(5);
    assert!(shop.path("done/good.csv").exists());
    for (name, reason) in [
        ("cut.csv.gz", "the packed file ends too early"),
        ("picture.png", "it is no text"),
    ] {
        assert!(shop.path("bad").join(name).exists(), "{name}");
        let said = fs::read_to_string(shop.path(&format!("bad/{name}.reason.txt")));
        assert!(said.expect("a reason").contains(reason), "{name}");
    }
    let before: u64 = (shop.held().split(' ').next())
        .and_then(|rows| rows.parse().ok())
        .expect("rows");
    assert!(
        before > 2 && before < 20_000,
        "its whole rows stay: {before}"
    );
    shop.write("whole.csv.gz", &packed);
    shop.pass(5);
    shop.check("20002");
}

#[test]
fn an_empty_file_waits_and_a_header_alone_is_a_file_without_rows() {
    let mut shop = shop();
    shop.write("a.csv", "");
    shop.write("b.csv", HEADER);
    shop.pass(9);
    shop.check("0");
    assert!(shop.path("a.csv").exists());
    shop.append("a.csv", &format!("{HEADER}{}", rows(0, 1)));
    shop.pass(4);
    shop.check("1");
}

#[test]
fn a_folder_that_cannot_be_read_is_named_until_it_can() {
    let mut shop = shop();
    let away = shop.dir.path().join("away");
    fs::rename(&shop.settings.path, &away).expect("is renamed");
    shop.pass(1);
    assert!(
        shop.says().starts_with("drop: cannot read the folder"),
        "{}",
        shop.says()
    );
    fs::rename(&away, &shop.settings.path).expect("is renamed");
    shop.write("a.csv", format!("{HEADER}{}", rows(0, 2)));
    shop.pass(4);
    assert_eq!(shop.says(), "ok");
    shop.check("2");
}

#[test]
fn a_file_that_cannot_be_looked_at_is_named_and_the_others_are_taken() {
    let mut shop = shop();
    let circle = shop.path("circle.csv");
    std::os::unix::fs::symlink(&circle, &circle).expect("a link to itself");
    shop.write("a.csv", format!("{HEADER}{}", rows(0, 2)));
    shop.pass(4);
    assert!(
        shop.says().contains("1 file cannot be read: circle.csv"),
        "{}",
        shop.says()
    );
    shop.check("2");
}

#[test]
fn a_file_that_cannot_be_moved_is_named_read_once_and_moved_later() {
    let mut shop = shop();
    shop.write("done", "a file where the folder should be");
    shop.settings.exclude = vec!["done".to_owned()];
    shop.kill_and_start();
    shop.write("a.csv", format!("{HEADER}{}", rows(0, 2)));
    shop.pass(4);
    assert!(
        shop.says().contains("1 file cannot be moved: a.csv"),
        "{}",
        shop.says()
    );
    fs::remove_file(shop.path("done")).expect("is removed");
    shop.pass(11);
    assert!(shop.path("done/a.csv").exists());
    assert_eq!(shop.says(), "ok");
    shop.check("2");
}

#[test]
fn only_some_files_are_open_at_once() {
    let mut shop = shop();
    shop.settings.files_at_once = 2;
    shop.kill_and_start();
    for number in 0..10 {
        let text = format!("{HEADER}{}", rows(number * 9_000, (number + 1) * 9_000));
        shop.write(&format!("{number}.csv"), text);
    }
    shop.pass(2);
    shop.time.advance(Duration::from_secs(1));
    for _ in 0..20 {
        shop.turns(1);
        assert!(shop.folder().open_files() <= 2);
    }
    shop.pass(1);
    shop.check("90000");
}

#[test]
fn a_folder_read_in_another_manner_is_read_again() {
    let mut shop = Shop::with(|_| ());
    shop.write("a.csv", format!("{HEADER}{}", rows(0, 2)));
    shop.pass(4);
    shop.settings.map = [("product_name".to_owned(), "product_id".to_owned())].into();
    shop.folder().end();
    shop.kill_and_start();
    shop.pass(4);
    shop.check("4 rows 4 accepted 0 aside 4 lines 2 repeats");
}

#[test]
fn a_second_process_waits_until_the_first_is_gone() {
    let mut shop = shop();
    shop.pass(1);
    let first = shop.folder.take();
    shop.start();
    shop.write("a.csv", format!("{HEADER}{}", rows(0, 2)));
    shop.pass(5);
    let me = std::process::id();
    assert_eq!(
        shop.says(),
        format!("drop: waiting, process {me} watches this folder")
    );
    shop.check("0");
    drop(first);
    shop.pass(4);
    shop.check("2");
}

#[test]
fn when_the_log_ends_no_file_is_read_any_more_and_none_is_moved() {
    let mut shop = shop();
    shop.write("a.csv", format!("{HEADER}{}", rows(0, 2)));
    shop.pass(2);
    shop.log.close();
    shop.time.advance(Duration::from_secs(1));
    while shop.folder().turn() != Pace::Ended {
        std::thread::yield_now();
    }
    shop.folder().end();
    assert!(shop.path("a.csv").exists());
    assert_eq!(shop.held(), full("0"));
}

#[test]
fn many_files_that_begin_alike_are_taken_with_one_look() {
    let mut shop = shop();
    for number in 0..30 {
        let text = format!("{HEADER}{}{}", rows(0, 1), rows(number + 1, number + 2));
        shop.write(&format!("{number}.csv"), text);
    }
    shop.pass(3);
    shop.check("60 rows 60 accepted 0 aside 60 lines 29 repeats");
}

#[test]
fn a_folder_is_at_its_end_once_every_row_of_it_is_in_the_log() {
    let mut shop = shop();
    shop.pass(1);
    assert!(shop.status.is_at_end(), "an empty folder");
    shop.write("a.csv", format!("{HEADER}{}", rows(0, 3)));
    shop.pass(1);
    assert!(!shop.status.is_at_end(), "a file arrives");
    shop.pass(4);
    shop.check("3");
    assert!(shop.status.is_at_end());
    shop.write("b.csv", "neither header nor rows\u{0}");
    shop.pass(5);
    assert!(
        shop.status.is_at_end(),
        "what cannot be read holds up nobody"
    );
}

#[test]
fn a_file_that_is_being_written_holds_time_up_for_a_minute_and_no_longer() {
    let mut shop = shop();
    shop.write("a.csv", HEADER);
    for second in 0..90 {
        shop.append("a.csv", &rows(second, second + 1));
        shop.pass(1);
        assert_eq!(shop.status.is_at_end(), second >= 60, "{second}");
    }
    shop.pass(4);
    shop.check("90");
}
