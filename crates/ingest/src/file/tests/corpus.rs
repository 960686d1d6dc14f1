//! The corpus of files as spreadsheets and shops write them: each `NAME.in` beside what is to become of it.
//! The expectations were written by hand from the table that all of them hold; a difference is looked at, not recorded.

use super::*;
use event::EventRef;
use std::path::Path;

/// Type, time, customer, product, price and quantity.
fn line(event: EventRef<'_>) -> String {
    let item = event.items().next();
    format!(
        "{} {} {} {} {} x{}",
        event.label(Label::Type).unwrap_or("-"),
        event.time(),
        event.text(Text::CustomerId).unwrap_or("-"),
        item.and_then(|item| item.text(ItemText::Name))
            .unwrap_or("-"),
        item.and_then(|item| item.unit_price()).unwrap_or_default(),
        item.map(|item| item.quantity()).unwrap_or_default(),
    )
}

fn lines(bytes: &[u8]) -> String {
    let frames = match open(bytes).and_then(frames) {
        Ok(frames) => frames,
        Err(error) => return format!("refused: {}; {}\n", error.what, error.hint),
    };
    let accepted = frames
        .iter()
        .flat_map(|frame| frame.events.events().map(line));
    let rejected = frames.iter().flat_map(|frame| &frame.rejected);
    let rejected =
        rejected.map(|rejected| format!("!{} {}", rejected.position, rejected.rejection));
    accepted.chain(rejected).map(|line| line + "\n").collect()
}

#[test]
fn each_file_of_the_corpus_becomes_what_stands_beside_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/file");
    let mut inputs: Vec<_> = std::fs::read_dir(folder)
        .expect("the corpus lies beside the sources")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "in"))
        .collect();
    inputs.sort();
    assert!(inputs.len() >= 28, "{} inputs", inputs.len());
    let mut differences = Vec::new();
    for input in inputs {
        let shown = lines(&std::fs::read(&input).expect("readable"));
        let expected = std::fs::read_to_string(input.with_extension("expected"))
            .expect("each input has its expectation");
        if shown != expected {
            let name = input.display();
            differences.push(format!(
                "{name}\n--- expected\n{expected}--- shown\n{shown}"
            ));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
