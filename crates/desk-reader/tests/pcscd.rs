//! The reader against the real pcscd with Debian's virtual reader. Every test runs itself again inside `scripts/isolated`,
//! with a smart-card service of its own; where pcscd or vpcd is not installed it says so and counts as skipped.

#![expect(clippy::expect_used, reason = "a test that cannot set the stage fails")]

mod inside;

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

/// Exit status of `scripts/isolated` where its parts are not installed.
const NOT_INSTALLED: i32 = 77;

fn isolated(test: &str) {
    let output = command(test).output().expect("scripts/isolated starts");
    judge(test, &output);
}

fn command(test: &str) -> Command {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/isolated");
    let this = std::env::current_exe().expect("path of this test");
    let mut command = Command::new(script);
    command
        .arg(this)
        .args(["--exact", "--ignored", "--nocapture", &format!("inside::{test}")])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn judge(test: &str, output: &std::process::Output) {
    let out = String::from_utf8_lossy(&output.stdout);
    let err = String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(NOT_INSTALLED) {
        // The harness swallows print macros of passing tests; a skip must be seen and counted.
        let mut console = std::io::stderr();
        let _ = writeln!(console, "SKIPPED desk-reader {test}: {}", err.trim());
        return;
    }
    assert!(output.status.success() && out.contains("1 passed"), "{test} inside its own service: {:?}\n{out}\n{err}", output.status);
}

macro_rules! isolated_tests {
    ($($name:ident),+ $(,)?) => {
        $(#[test]
        fn $name() {
            isolated(stringify!($name));
        })+
    };
}

isolated_tests!(
    card_on_and_off,
    swap_is_a_change,
    commands_and_sessions,
    tear_before_and_after_execution,
    short_answer_is_lost,
    silent_card_times_out_and_the_reader_recovers,
    many_silent_cards_do_not_pile_up,
    mute_card,
    cards_on_two_readers,
    filter_leaves_a_slot_out,
    service_restarts,
    service_dies_within_a_command,
    no_service_at_start,
    idle_session_ends,
    cancelled_command_does_not_answer_the_next,
    another_program_on_the_card,
    close_is_clean,
    commands_are_not_slowed_down,
);

#[test]
fn every_write_with_the_card_away_at_the_commit() {
    isolated("writes::card_away_at_the_commit");
}

#[test]
fn every_write_with_the_service_killed_at_the_commit() {
    isolated("writes::service_killed_at_the_commit");
}

#[test]
fn every_write_with_the_reader_gone_at_the_commit() {
    isolated("writes::reader_gone_at_the_commit");
}

#[test]
fn every_work_on_a_pin_with_the_card_away_and_the_service_killed() {
    isolated("pins::away_and_killed_at_the_command_that_counts");
}

#[test]
fn two_services_side_by_side() {
    let children: Vec<_> = (0..2).map(|_| command("keeps_its_own_card").spawn().expect("scripts/isolated starts")).collect();
    for child in children {
        judge("keeps_its_own_card", &child.wait_with_output().expect("ends"));
    }
}
