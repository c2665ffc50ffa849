//! One suite for every store: the centre's promises, asked through its one door.

pub mod acts;
pub mod claims;
pub mod front;
pub mod journal;
pub mod office;
pub mod orders;
pub mod paid_later;
pub mod parcels;
pub mod put_right;
pub mod top_up;
pub mod units;
pub mod unreadable;
pub mod world;

/// Makes one test of each check; `$store` gives a fresh empty store, or nothing where it cannot be had.
#[macro_export]
macro_rules! contract_suite {
    ($store:expr) => {
        contract_suite!(@ $store;
            front: unknown_device, old_generation, sign_in_and_out, staff_cards, lock_out, session_needed, repeat_gives_first_reply,
                changed_body, finds_people_and_cards, functions_of_a_card, replies_with_people_are_forgotten, authorisation;
            claims: refund_whole_way, refund_refusals, second_claimant, refund_again_after_top_up, purchase_of_rest,
                no_proof_no_confirmation, macs_only_for_the_reservation, whose_step_it_was, another_desk_decides, unknown_write_holds_the_card, release_frees,
                agreement_above_limit, reissue_whole_way, reissue_refusals, validation, password_reset,
                reset_not_over_another_channel, third_reset_needs_agreement, claims_race;
            paid_later: blocked_then_paid_once, nothing_but_the_block_is_let_out, a_block_nobody_was_let_do_is_suspense,
                another_desk_finds_the_block, paid_as_clearing_has_it, blocked_then_paid_at_a_window;
            orders: ordered_made_and_handed_over, orders_that_are_refused, a_move_that_is_not_shown_yet_is_pursued,
                a_card_is_given_up_without_books_and_money;
            parcels: made_centrally_and_picked_up, a_silent_courier_is_asked_again, sent_and_delivered, brought_back_and_sent_again,
                lies_too_long_and_goes_back;
            units: a_units_rows_become_orders_once, rows_of_a_unit_that_are_refused, a_units_rows_wait_for_a_silent_production,
                photos_that_were_left_behind_are_forgotten;
            unreadable: taken_in_cleared_and_paid_once, taking_in_needs_a_second_person_and_a_card_in_order,
                journeys_out_of_town_are_waited_for, clearing_that_is_silent_is_asked_again;
            top_up: load_whole_way, load_refusals, refused_proof_is_suspense;
            put_right: a_top_up_is_taken_back_once, what_is_not_taken_back, torn_reversals_are_suspense, a_missing_load_is_written_once,
                what_is_not_written_again, a_load_ends_at_whichever_desk, a_rewrite_that_failed_leaves_the_load_as_it_was;
            acts: loss_by_function, loss_of_one_function_leaves_the_other, release_goes_the_way_of_the_report,
                half_done_loss_is_pursued, a_silent_keeper_is_asked_again, a_late_message_undoes_nothing,
                one_ticket_for_one_broken_promise, codes_are_limited, found_card_goes_back_once, order_of_another_channel;
            office: published_by_two_and_signed, what_is_not_published, given_back_only_where_nothing_can_have_happened,
                written_off_and_back_when_the_card_turns_up;
            journal: batch_is_taken_once, gap_waits, fork_locks, wrong_signature, tampered_rows, totals_agree,
                an_outlets_day_is_the_sum_of_its_windows;
        );
    };
    (@ $store:expr; $($module:ident: $($check:ident),*;)*) => {
        $($(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $check() {
                match $store.await {
                    Some(store) => contract::$module::$check(contract::world::World::new(store).await).await,
                    None => contract::world::skipped(stringify!($check)),
                }
            }
        )*)*
    };
}
