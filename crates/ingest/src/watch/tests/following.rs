//! Files that go on growing: line by line, through rotation in each of its forms, and through a kill.

use super::*;

fn line(number: usize) -> String {
    format!("{{\"type\":\"view\",\"ts\":1700000000,\"product_id\":\"p{number}\"}}\n")
}

fn lines(from: usize, until: usize) -> String {
    (from..until).map(line).collect()
}

fn follow() -> Shop {
    Shop::with(|settings| {
        settings.follow = true;
        settings.include = vec!["*.log".to_owned(), "*.csv".to_owned()];
    })
}

#[test]
fn new_lines_are_read_with_the_next_look_and_half_a_line_when_it_is_whole() {
    let mut shop = follow();
    shop.write("a.log", "");
    for number in 0..5 {
        shop.append("a.log", &line(number));
        shop.pass(1);
        shop.check(&(number + 1).to_string());
    }
    let (first, rest) = "{\"type\":\"view\",\"ts\":1700000000,\"product_id\":\"x\"}\n".split_at(20);
    shop.append("a.log", first);
    shop.pass(200);
    shop.check("5");
    shop.append("a.log", rest);
    shop.pass(1);
    shop.check("6");
}

#[test]
fn a_kill_at_any_line_costs_and_doubles_nothing() {
    let mut shop = follow();
    shop.write("a.log", lines(0, 3));
    for round in 1..8 {
        shop.pass(round % 4);
        shop.kill_and_start();
        if round % 3 == 0 {
            shop.forget_state();
        }
        shop.append("a.log", &lines(round * 3, round * 3 + 3));
    }
    shop.pass(1);
    shop.check("24");
}

#[test]
fn a_log_rotated_by_name_is_read_to_its_end_and_the_new_one_from_its_beginning() {
    let mut shop = follow();
    shop.write("a.log", lines(0, 3));
    shop.pass(1);
    shop.append("a.log", &lines(3, 5));
    fs::rename(shop.path("a.log"), shop.path("a.log.1")).expect("is renamed");
    shop.write("a.log", lines(10, 12));
    shop.pass(1);
    shop.append("a.log.1", &lines(5, 6));
    // A last line that never got its end counts once the file is out of the way and quiet.
    shop.append("a.log.1", line(6).trim_end());
    shop.pass(6);
    shop.check("9");
    assert_eq!(shop.folder().open_files(), 1, "the old one is closed");
}

#[test]
fn a_log_that_keeps_a_name_that_is_taken_goes_on_under_it() {
    let mut shop = follow();
    shop.write("a.log", lines(0, 3));
    shop.pass(1);
    fs::rename(shop.path("a.log"), shop.path("b.log")).expect("is renamed");
    shop.append("b.log", &lines(3, 5));
    shop.pass(3);
    shop.check("5");
}

#[test]
fn a_log_rotated_by_a_copy_is_read_from_its_new_beginning_and_the_copy_adds_what_was_missed() {
    let mut shop = follow();
    shop.write("a.log", lines(0, 30));
    shop.pass(1);
    shop.append("a.log", &lines(30, 40));
    fs::copy(shop.path("a.log"), shop.path("a-1.log")).expect("is copied");
    shop.cut("a.log", 0);
    shop.append("a.log", &lines(50, 55));
    shop.pass(3);
    shop.check("45");
}

#[test]
fn a_log_emptied_and_filled_beyond_what_was_read_is_noticed() {
    let mut shop = follow();
    shop.write("a.log", lines(0, 3));
    shop.pass(1);
    shop.cut("a.log", 0);
    shop.append("a.log", &lines(100, 150));
    shop.pass(3);
    shop.check("53");
}

#[test]
fn a_quiet_order_counts_and_its_later_lines_are_added() {
    let line = |order: &str, code: u32| {
        format!("{order},{code},thing,1,2010-12-01 08:26:00,2.50,17850,France\n")
    };
    let mut shop = follow();
    let header =
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";
    shop.write(
        "a.csv",
        format!("{header}{}{}", line("536365", 1), line("536365", 2)),
    );
    shop.pass(1);
    shop.check("0");
    shop.pass(4);
    shop.check("2 rows 1 accepted 0 aside 2 lines 0 repeats");
    shop.kill_and_start();
    shop.forget_state();
    shop.append("a.csv", &line("536365", 3));
    shop.pass(1);
    shop.append("a.csv", &line("536366", 4));
    shop.pass(5);
    shop.check("4 rows 3 accepted 0 aside 4 lines 0 repeats");
}

#[test]
fn a_file_without_a_whole_row_or_packed_is_taken_in_time() {
    let mut shop = follow();
    shop.write("a.csv", "event,ts,user_id");
    shop.pass(3);
    shop.append("a.csv", &format!(",product_name\n{}", rows(0, 2)));
    let packed = zstd::encode_all(format!("{HEADER}{}", rows(5, 9)).as_bytes(), 1);
    shop.write("b.csv", packed.expect("in memory"));
    shop.pass(5);
    shop.check("6");
}

#[test]
fn more_logs_than_are_kept_open_are_all_followed() {
    let mut shop = follow();
    let names: Vec<String> = (0..100).map(|number| format!("{number}.log")).collect();
    for round in 0..3 {
        for (number, name) in names.iter().enumerate() {
            let text = lines(number * 100 + round * 2, number * 100 + round * 2 + 2);
            if round == 0 {
                shop.write(name, text);
            } else {
                shop.append(name, &text);
            }
        }
        shop.pass(3);
        shop.check(&((round + 1) * 200).to_string());
        assert!(shop.folder().open_files() <= 64 + 4);
    }
}

#[test]
fn a_last_line_without_an_end_is_read_once_the_folder_is_not_followed_any_more() {
    let mut shop = follow();
    let text = format!("{HEADER}{}", rows(0, 4));
    shop.write("a.csv", text.trim_end());
    shop.write("b.csv", format!("{HEADER}{}", rows(10, 13)));
    shop.pass(9);
    shop.check("6");
    shop.settings.follow = false;
    shop.settings.processed_dir = Some("done".into());
    shop.folder().end();
    shop.kill_and_start();
    shop.pass(4);
    shop.check("7");
    assert!(shop.path("done/a.csv").exists() && shop.path("done/b.csv").exists());
}
