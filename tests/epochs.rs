//! A seed says which rows an epoch reads, exactly as many as asked for, wherever it is resumed.

#![allow(clippy::unwrap_used, clippy::panic)]

use gede::Result;
use gede::sample::{Amount, ClassList, Classes, Draw, Epochs, State, Weights};
use std::collections::HashSet;

/// Classes of 1,000 rows, few rows in some; class 3 has none.
fn class_list() -> ClassList {
    let class = |row: u32| if row % 100 == 99 { 0 } else { [1, 2, 2, 4, 4, 4, 5][row as usize % 7] };
    ClassList::new(&(0..1000).map(class).collect::<Vec<_>>()).unwrap()
}

fn weights() -> Weights {
    Weights::new(&(0..1000).map(|row| f64::from(row % 10)).collect::<Vec<_>>()).unwrap()
}

/// Half of the rows, from the last on.
static LISTED: [u64; 500] = {
    let (mut rows, mut at) = ([0; 500], 0);
    while at < 500 {
        rows[at] = 999 - 2 * at as u64;
        at += 1;
    }
    rows
};

/// Every way to draw from 1,000 rows, and whether a row may come twice an epoch.
fn draws<'a>(classes: &'a ClassList, weights: &'a Weights) -> [(Draw<'a>, bool); 7] {
    [
        (Draw::Uniform(1000), false),
        (Draw::Replacement(1000), true),
        (Draw::Walk(1000), true),
        (Draw::Balanced(classes), false),
        (Draw::Weighted(weights), true),
        (Draw::WeightedOnce(weights), false),
        (Draw::Listed(&LISTED), false),
    ]
}

fn epochs(draw: Draw, count: u64, seed: u64) -> Epochs {
    Epochs::new(draw, Amount::Count(count), State::new(seed)).unwrap()
}

fn rows(epochs: &Epochs, number: u64) -> Vec<u64> {
    epochs.epoch(number).iter().collect::<Result<_>>().unwrap()
}

#[test]
fn an_epoch_is_exactly_as_long_as_asked_for() {
    for (n, fraction, count) in [
        (60_000, 0.1, 6_000),
        (50_000, 0.01, 500),
        (7, 0.5, 4),
        (5, 0.1, 1),
        (3, 0.01, 1),
        (10, 1.0, 10),
        ((1 << 62) - 1, 1.0, (1 << 62) - 1),
    ] {
        let epochs = Epochs::new(Draw::Uniform(n), Amount::Fraction(fraction), State::new(0)).unwrap();
        assert_eq!((epochs.rows(), epochs.epoch(5).rows()), (count, count));
    }
    let (classes, weights) = (class_list(), weights());
    for (draw, _) in draws(&classes, &weights) {
        for count in [1, 3, 64, 333] {
            let epochs = epochs(draw, count, 9);
            (0..4).for_each(|number| assert_eq!(rows(&epochs, number).len() as u64, count));
            assert!(epochs.epoch(0).row(count).is_err());
        }
    }
}

#[test]
fn what_cannot_be_drawn_is_refused() {
    let (classes, weights) = (class_list(), weights());
    let refused = |draw, amount, state| {
        let error = Epochs::new(draw, amount, state).map(drop).unwrap_err();
        assert_eq!(error.kind(), gede::ErrorKind::Argument, "{error}");
    };
    let start = State::new(0);
    for fraction in [0.0, -0.5, f64::NAN, f64::INFINITY] {
        refused(Draw::Replacement(10), Amount::Fraction(fraction), start);
    }
    refused(Draw::Uniform(10), Amount::Fraction(1.1), start);
    refused(Draw::Walk(10), Amount::Count(11), start);
    refused(Draw::WeightedOnce(&weights), Amount::Count(901), start); // a tenth weighs nothing
    refused(Draw::Listed(&LISTED), Amount::Count(501), start);
    refused(Draw::Listed(&[]), Amount::Fraction(1.0), start);
    refused(Draw::Uniform(0), Amount::Fraction(0.5), start);
    refused(Draw::Uniform(u64::MAX), Amount::Count(1), start);
    refused(Draw::Replacement(10), Amount::Count(u64::MAX), start);
    refused(Draw::Uniform(10), Amount::Count(0), start);
    refused(Draw::Uniform(10), Amount::Count(5), State { position: 5, ..start });
    let none = ClassList::new(&[]).unwrap();
    refused(Draw::Balanced(&none), Amount::Count(1), start);
    // More rows than there are, where rows may repeat.
    assert_eq!(rows(&epochs(Draw::Replacement(10), 25, 0), 0).len(), 25);
    assert_eq!(rows(&epochs(Draw::Balanced(&classes), 5000, 0), 0).len(), 5000);
}

#[test]
fn without_replacement_no_row_comes_twice() {
    let (classes, weights) = (class_list(), weights());
    for (draw, may_repeat) in draws(&classes, &weights) {
        let drawn = rows(&epochs(draw, 50, 2), 7);
        assert!(drawn.iter().all(|&row| row < 1000));
        if !may_repeat {
            assert_eq!(drawn.iter().collect::<HashSet<_>>().len(), 50);
        }
    }
    let mut all = rows(&epochs(Draw::Uniform(1000), 1000, 2), 0);
    all.sort_unstable();
    assert!(all.into_iter().eq(0..1000));
    // A birthday among 1,000 days: with replacement, 500 draws repeat.
    assert!(rows(&epochs(Draw::Replacement(1000), 500, 2), 0).iter().collect::<HashSet<_>>().len() < 450);
}

#[test]
fn a_seed_and_an_epoch_are_its_rows() {
    let (classes, weights) = (class_list(), weights());
    for (draw, _) in draws(&classes, &weights) {
        let drawn = |seed, number| rows(&epochs(draw, 100, seed), number);
        assert_eq!(drawn(1, 4), drawn(1, 4));
        assert_ne!(drawn(1, 4), drawn(2, 4));
        assert_ne!(drawn(1, 4), drawn(1, 5));
    }
    // For good. An implementation of the documented generators in another language draws the first three.
    let ten = |draw| rows(&epochs(draw, 10, 1), 3);
    let all = draws(&classes, &weights).map(|(draw, _)| ten(draw));
    assert_eq!(all[..6], GOLDEN);
    // A list is gone through in the order of as many rows.
    let order = ten(Draw::Uniform(500));
    assert!(all[6].iter().eq(order.iter().map(|&at| &LISTED[at as usize])));
}

const GOLDEN: [[u64; 10]; 6] = [
    [836, 789, 942, 560, 129, 309, 197, 449, 552, 398],
    [503, 58, 678, 997, 844, 768, 487, 159, 512, 788],
    [441, 350, 596, 327, 503, 2, 741, 920, 99, 434],
    [215, 899, 253, 624, 371, 77, 999, 207, 230, 601],
    [526, 79, 699, 19, 868, 792, 509, 183, 536, 809],
    [536, 809, 79, 867, 183, 507, 19, 526, 702, 789],
];

#[test]
fn an_epoch_resumed_goes_on_as_if_never_stopped() {
    let (classes, weights) = (class_list(), weights());
    for (draw, _) in draws(&classes, &weights) {
        let mut whole = epochs(draw, 70, 5);
        let mut batch = Vec::new();
        let mut batches = Vec::new();
        for _ in 0..25 {
            whole.next_rows(16, &mut batch).unwrap();
            batches.push((batch.clone(), whole.state()));
        }
        // 70 rows are four batches of 16 and one of 6.
        assert_eq!(batches[4].0.len(), 6);
        assert_eq!(batches[4].1, State { seed: 5, epoch: 1, position: 0 });
        assert_eq!(batches[..5].iter().flat_map(|b| b.0.clone()).collect::<Vec<_>>(), rows(&whole, 0));
        for stop in 0..24 {
            let state = serde_json::to_string(&batches[stop].1).unwrap();
            let state = serde_json::from_str(&state).unwrap();
            let mut resumed = Epochs::new(draw, Amount::Count(70), state).unwrap();
            for (expected, state) in &batches[stop + 1..] {
                resumed.next_rows(16, &mut batch).unwrap();
                assert_eq!((&batch, resumed.state()), (expected, *state));
            }
        }
    }
}

#[test]
fn epochs_end_where_they_are_told_to() {
    let mut epochs = epochs(Draw::Uniform(100), 10, 0).until(2);
    let (mut batch, mut batches) = (Vec::new(), 0);
    loop {
        epochs.next_rows(4, &mut batch).unwrap();
        if batch.is_empty() {
            break;
        }
        batches += 1;
    }
    assert_eq!((batches, epochs.left(), epochs.state().epoch), (6, 0, 2));
}

#[test]
fn a_walk_has_every_row_exactly_once() {
    for (n, count) in [(1000, 100), (1000, 70), (999, 500), (10, 10), (10, 9), (7, 1)] {
        let walks = epochs(Draw::Walk(n), count, 3);
        let drawn: Vec<u64> = (0..5 * n.div_ceil(count)).flat_map(|e| rows(&walks, e)).collect();
        let mut orders = HashSet::new();
        for walk in drawn.chunks_exact(n as usize) {
            let seen: HashSet<_> = walk.iter().collect();
            assert_eq!(seen.len() as u64, n, "walks of {n} in epochs of {count}");
            assert!(orders.insert(walk.to_vec()) || n < 20);
        }
    }
}

#[test]
fn a_list_comes_whole_in_another_order_each_epoch() {
    let list = [7, 3, 900, 3, u64::MAX];
    let epochs = epochs(Draw::Listed(&list), 5, 4);
    let orders: HashSet<Vec<u64>> = (0..20).map(|number| rows(&epochs, number)).collect();
    assert!(orders.len() > 10);
    for mut order in orders {
        order.sort_unstable();
        assert_eq!(order, [3, 3, 7, 900, u64::MAX]);
    }
}

#[test]
fn classes_are_balanced() {
    let classes = class_list();
    let count = |drawn: &[u64]| -> Vec<u64> {
        let members = |class| (0..classes.rows(class)).map(move |at| (class, at));
        (0..classes.classes())
            .map(|class| {
                let members: HashSet<u64> =
                    members(class).map(|(c, at)| classes.row(c, at).unwrap()).collect();
                drawn.iter().filter(|row| members.contains(row)).count() as u64
            })
            .collect()
    };
    // Five classes have rows: 0, 1, 2, 4 and 5.
    let balanced = epochs(Draw::Balanced(&classes), 53, 8);
    let mut sums = vec![0; 6];
    for number in 0..5 {
        let counts = count(&rows(&balanced, number));
        assert_eq!(counts[3], 0);
        assert!([0, 1, 2, 4, 5].iter().all(|&c| (10..=11).contains(&counts[c])), "{counts:?}");
        sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
    }
    assert_eq!(sums, [53, 53, 53, 0, 53, 53]);
    // Class 0 has ten rows: with 25 of each class, each of them comes two or three times.
    let drawn = rows(&epochs(Draw::Balanced(&classes), 125, 8), 0);
    let times = |row: u64| drawn.iter().filter(|&&r| r == row).count();
    assert_eq!(classes.rows(0), 10);
    assert!((0..10).all(|at| (2..=3).contains(&times(at * 100 + 99))));
}

#[test]
fn a_few_rows_of_a_great_many_cost_little() {
    // 2^50 rows: whatever was in proportion to them would never end.
    for draw in [Draw::Uniform(1 << 50), Draw::Replacement(1 << 50), Draw::Walk(1 << 50)] {
        let drawn = rows(&epochs(draw, 1000, 0), 1 << 40);
        assert!(drawn.iter().all(|&row| row < 1 << 50));
        assert_eq!(drawn.iter().collect::<HashSet<_>>().len(), 1000);
    }
}
