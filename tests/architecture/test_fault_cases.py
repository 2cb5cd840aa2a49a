"""Which test holds each case of the catalogue of faults and abuse, and which case no test holds yet.

A and B come to pass in the world of faults (`portal.world.fault_cases`, tests/flows/test_world_of_faults.py),
which says of each how it ends; here stand the others. A test that is renamed or taken away fails here by its
case.
"""

import ast
from pathlib import Path

import pytest

pytestmark = pytest.mark.pure

TESTS = Path(__file__).parents[1]
# How many cases each letter of the catalogue has.
CATALOGUE = {"C": 20, "D": 27, "E": 21, "F": 17, "G": 30, "H": 13, "I": 16}
CRASH = "crash/test_crash.py::test_kills_lose_and_duplicate_nothing"
SILENCE = "silence/test_silence.py::test_nothing_leaves_that_should_not"
SENDING = "communication/test_sending.py::"
OUTBOX = "kernel/test_outbox.py::TestRun::"
HOSTILE = "documents/test_hostile.py::"
TABLES = "architecture/test_tables.py::"
ROUTES = "portal/test_every_route.py::"
SIGNING = "portal/test_signing_in.py::"
AGAIN = "portal/test_trying_again.py::"
ERASING = "privacy/test_erasing.py::"

HELD = {
    "C1": [CRASH, SENDING + "TestCrashes::test_killed_between_call_and_confirmation_is_found"],
    "C2": [CRASH, SENDING + "TestCrashes::test_killed_between_file_and_call_is_asked_and_then_sent"],
    "C3": [CRASH, SENDING + "TestProviders::test_a_lost_answer_is_asked_after_and_not_sent_again"],
    "C4": [SENDING + "TestProviders::test_transient_waits_as_long_as_it_was_asked_to"],
    "C5": [SENDING + "TestProviders::test_unknown_that_cannot_be_asked_waits_for_a_person"],
    "C6": [CRASH],
    "C7": [CRASH, OUTBOX + "test_a_job_named_three_times_has_one_effect"],
    "C8": [OUTBOX + "test_a_job_whose_workers_end_is_started_again_and_set_aside_in_the_end"],
    "C9": [OUTBOX + "test_a_worker_that_lost_its_lease_changes_nothing"],
    "C10": [CRASH],
    "C11": [SILENCE, SENDING + "TestHolds::test_in_the_moment_before_the_call"],
    "C12": [SILENCE, SENDING + "TestHours::test_after_eight_waits_for_seven"],
    "C13": ["kernel/test_units.py::test_the_clock_is_one_in_python_and_sql_and_only_moves_forward"],
    "C14": [SILENCE, "kernel/test_outbox.py::TestEnqueue::test_the_same_key_is_one_job"],
    "C16": ["communication/test_print_batches.py::TestCrashes::"
            "test_c16_f15_killed_at_any_moment_each_letter_is_printed_once"],
    "C17": [OUTBOX + "test_an_unknown_actor_is_quarantined_not_lost"],
    "C18": ["local/test_supervisor.py::TestUp::test_it_runs_survives_its_parts_and_leaves_nothing"],
    "C19": [SENDING + "TestProviders::test_a_provider_that_is_down_is_not_asked_for_every_message"],
    "C20": ["kernel/test_emitting.py::TestEmit::test_creditors_share_none"],
    "D1": [CRASH],
    "D2": ["kernel/test_units.py::test_connections_that_died_in_the_pool_are_not_noticed"],
    "D4": ["desk/test_queue.py::TestLease::test_two_collectors_never_get_the_same_case"],
    "D5": ["books/test_interleavings.py::test_d5_two_people_agree_different_things_on_one_claim"],
    "D6": ["books/test_interleavings.py::test_d6_a_payment_and_a_waiver_take_no_more_than_is_owed"],
    "D7": ["books/test_interleavings.py::"
           "test_d7_two_payments_over_the_same_claims_in_turned_order_do_not_lock_each_other_out"],
    "D9": ["pricing/test_quoting.py::TestAcceptance::test_by_two_people_at_once_happens_once",
           "pricing/test_offers.py::TestAccepting::test_twice_at_once_accepts_one"],
    "D10": ["pricing/test_requoting.py::"
            "TestAHigherPrice::test_expires_keeps_the_claim_held_and_can_be_asked_for_again"],
    "D12": ["api/test_interface.py::TestPlacing::test_the_same_key_with_another_content_is_refused",
            "api/test_interface.py::"
            "TestPlacing::test_one_program_that_sends_one_request_twice_at_once_places_it_once"],
    "D13": ["api/test_interface.py::TestTenants::test_use_the_same_idempotency_key_without_meeting"],
    "D16": ["kernel/test_migrations.py::test_each_is_taken_back_and_made_again"],
    "D18": ["rules/test_interest_second_implementation.py::"
            "test_statutory_interest_is_the_slow_ones_to_the_cent"],
    "D19": [SILENCE], "D20": [SILENCE], "D21": [SILENCE],
    "D25": ["ledger/test_posting.py::"
            "TestTheDatabaseRefuses::test_unbalanced_cross_currency_and_empty_transactions",
            "ledger/test_posting.py::TestTheDatabaseRefuses::test_balanced_legs_added_late"],
    "D26": ["ledger/test_posting.py::TestTheDatabaseRefuses::"
            "test_edits_deletions_truncation_and_a_forged_seal_by_the_application",
            "kernel/test_units.py::test_no_door_can_take_the_owners_role"],
    "D27": ["ledger/test_transaction.py::test_d27_no_leg_reaches_the_limit"],
    "E1": ["portal/test_creditor.py::TestSafeCell::test_no_line_starts_a_formula"],
    "E2": ["intake/test_reading.py::TestCsv::test_is_read_in_every_delimiter_and_encoding"],
    "E3": ["intake/test_placing.py::"
           "TestRejects::test_an_ambiguous_amount_is_accepted_once_the_mapping_says_the_sign"],
    "E4": ["intake/test_bulk.py::"
           "test_goes_on_where_a_killed_worker_was_and_shows_no_claim_before_all_are_there"],
    "E5": ["intake/test_reading.py::TestCsv::test_is_refused_whole_when_broken",
           "intake/test_content.py::test_a_nul_far_down_is_told_with_its_line"],
    "E6": ["intake/test_placing.py::"
           "TestRejects::test_unclear_columns_wait_and_leave_nothing_until_they_are_explained"],
    "E7": [HOSTILE + "TestArchives::test_e7_a_bomb_is_stopped_before_it_is_unpacked",
           HOSTILE + "TestArchives::test_e7_too_many_too_much_and_nested_are_each_bounded",
           HOSTILE + "TestArchives::test_e7_entries_that_share_their_bytes_are_refused"],
    "E8": [HOSTILE + "TestArchives::test_e8_a_name_is_only_a_label",
           HOSTILE + "TestArchives::test_e8_a_link_is_refused"],
    "E9": [HOSTILE + "TestTypes::test_e9_e10_a_document_type_is_refused_outright"],
    "E10": [HOSTILE + "TestTypes::test_e9_e10_a_document_type_is_refused_outright"],
    "E11": [HOSTILE + "TestTypes::test_e9_e10_e11_every_real_hostile_xml_is_refused_or_only_text"],
    "E12": [HOSTILE + "TestReader::test_e12_a_million_objects_end_in_a_state_in_bounded_time"],
    "E13": [HOSTILE + "TestTypes::test_e13_what_is_two_things_at_once_is_refused"],
    "E14": ["documents/test_upload.py::TestType::test_names_are_shown_without_folders_or_tricks"],
    "E15": [HOSTILE + "TestTypes::test_e15_macros_programs_and_entities_in_letters_are_refused"],
    "E16": ["intake/test_placing.py::TestTheSameAgain::test_the_same_file_changes_nothing"],
    "E17": ["intake/test_placing.py::TestRejects::test_name_the_row_the_creditors_own_header_and_the_reason",
            "portal/test_sheets_apart.py::"
            "TestThePlacement::test_reads_every_sheet_and_its_counts_add_up"],
    "E18": [HOSTILE + "TestTypes::test_e18_a_flood_of_pixels_is_refused_before_it_is_decoded",
            "portal/test_words_and_figures.py::TestLogos::test_scripts_bombs_and_stumps_are_refused"],
    "E19": ["parties/test_names_and_terms.py::TestNameKey::test_is_one_for_all_spellings"],
    "E20": [HOSTILE + "TestTypes::test_e20_the_test_virus_is_refused",
            "documents/test_checking.py::"
            "TestQuota::test_e20_a_creditor_without_room_is_refused_with_413_and_nothing_is_kept"],
    "E21": ["bankfiles/test_camt.py::TestRefusals::test_the_reason_is_named",
            "bankfiles/test_camt.py::TestStatement::test_statements_and_accounts_in_one_file_stand_apart"],
    "F1": ["rendering/test_mail.py::TestRenderMail::test_escapes_every_value",
           "rendering/test_letter.py::TestRenderLetter::test_a_value_is_never_markup",
           "communication/test_templates.py::TestComposing::test_an_unknown_block_is_refused"],
    "F2": ["rendering/test_mail.py::TestRenderMail::test_a_mail_larger_than_a_mail_can_be_is_given_up"],
    "F3": ["rendering/test_mail.py::TestRenderMail::test_refuses_a_value_that_is_not_plain"],
    "F4": ["rendering/test_letter.py::"
           "TestRenderLetter::test_refuses_a_source_that_reaches_out_or_breaks_a_standard",
           "rendering/test_mail.py::TestRenderMail::test_asks_no_third_party_for_anything"],
    "F5": ["communication/test_templates.py::"
           "TestComposing::test_a_line_break_in_a_value_does_not_reach_a_subject"],
    "F7": ["communication/test_templates.py::TestComposing::test_segments"],
    "F8": ["portal/test_creditor.py::TestClaimPage::test_names_are_escaped_and_never_a_formula",
           "portal/test_words_and_figures.py::TestComponents::test_names_are_escaped_everywhere"],
    "F9": ["portal/test_creditor.py::TestSafeCell::test_no_line_starts_a_formula",
           "ledger/test_books.py::TestCsv::test_no_cell_is_a_formula"],
    "F10": ["communication/test_golden_messages.py::test_it_says_what_the_golden_file_says"],
    "F11": ["communication/test_templates.py::"
            "TestGolden::test_one_debtors_letter_never_holds_anothers_data",
            "communication/test_enclosing.py::TestLetter::test_nobody_gets_anothers_pages"],
    "F12": [SENDING + "TestSending::test_sends_once_with_the_amounts_of_the_ledger",
            SENDING + "TestHolds::test_a_payment_between_reservation_and_call_stops_the_old_amount"],
    "F13": ["communication/test_templates.py::TestMandatory::test_leaving_a_value_out_is_noticed",
            "communication/test_templates.py::TestPublishing::test_an_incomplete_text_is_not_published"],
    "F14": [SENDING + "TestReceipts::test_a_hard_bounce_retires_the_address"],
    "F15": ["letters/test_printer.py::TestSubmit::test_f15_the_same_batch_twice_is_one"],
    "F16": [SIGNING + "TestTwoFactors::test_nobody_is_sent_to_another_site"],
    "F17": ["communication/test_brands.py::"
            "TestSending::test_a_message_keeps_the_version_that_it_was_sent_with"],
    "G1": [ROUTES + "TestAnotherCreditor::test_g1_finds_no_row_of_this_one_behind_any_address",
           ROUTES + "TestAnotherCreditor::test_g1_of_the_address_does_not_fit_the_row_for_staff",
           "api/test_interface.py::TestTenants::test_see_nothing_of_each_other_by_any_route",
           "documents/test_upload.py::"
           "TestAdding::test_another_creditors_claim_and_document_do_not_exist"],
    "G2": ["api/test_interface.py::TestTenants::test_see_nothing_of_each_other_by_any_route",
           "kernel/test_units.py::test_a_creditor_sees_its_own_rows_only"],
    "G3": [TABLES + "test_every_foreign_key_between_creditors_tables_contains_the_creditor"],
    "G4": [TABLES + "test_no_function_runs_with_its_owners_rights_and_no_view_bypasses_the_wall"],
    "G5": ["kernel/test_units.py::test_a_door_without_its_creditor_sees_nothing_and_raises_nothing"],
    "G6": [TABLES + "test_every_table_is_behind_forced_row_level_security"],
    "G7": [TABLES + "test_every_unique_key_of_a_creditors_table_contains_the_creditor"],
    "G10": ["portal/test_debtor.py::TestDoor::test_five_wrong_answers_lock_the_link"],
    "G11": ["portal/test_debtor.py::"
            "TestDoor::test_link_is_swapped_for_a_cookie_and_shows_nothing_personal"],
    "G12": ["portal/test_logs.py::TestTracebacks::test_say_where_and_not_about_whom",
            "api/test_keys.py::TestTraces::test_a_bug_tells_no_key"],
    "G13": ["portal/test_debtor.py::TestDoor::test_a_link_taken_back_shows_nothing_more",
            "portal/test_debtor.py::TestDoor::test_the_second_fact_cannot_be_skipped"],
    "G14": [SIGNING + "TestSilence::test_unknown_people_get_the_same_answer"],
    "G15": [SIGNING + "TestTwoFactors::test_the_session_is_another_one_after_the_code"],
    "G16": [ROUTES + "TestAnotherSite::test_g16_sends_no_form_without_its_token_or_from_elsewhere",
            ROUTES + "TestAnotherSite::test_g16_nor_to_the_doors_that_guard_themselves"],
    "G17": [ROUTES + "TestPages::test_g17_g30_none_is_framed_guessed_at_or_kept",
            "portal/test_web_guards.py::TestHeaders::test_every_answer_is_locked_down"],
    "G19": ["portal/test_web_guards.py::TestHeaders::test_every_answer_is_locked_down"],
    "G21": ["portal/test_web_guards.py::"
            "TestForeignForms::test_a_field_that_the_form_does_not_have_is_refused"],
    "G22": ["api/test_keys.py::TestThrottling::test_each_key_has_a_limit_of_its_own"],
    "G23": ["egress/test_egress.py::TestBaseUrl::test_refuses_everything_else_outside_production"],
    "G28": ["portal/test_hosts.py::test_every_audience_is_shown_where_it_belongs"],
    "G29": ["portal/test_web_guards.py::TestHeaders::test_the_documentation_page_is_closed"],
    "G30": [ROUTES + "TestPages::test_g17_g30_none_is_framed_guessed_at_or_kept",
            "portal/test_web_guards.py::TestHeaders::test_pages_are_not_kept_and_static_files_are"],
    "H1": [SIGNING + "TestSilence::test_a_person_who_guesses_has_to_wait"],
    "H2": ["portal/test_administration.py::TestUsers::test_a_new_password_replaces_the_old_one"],
    "H3": [SIGNING + "TestTwoFactors::test_a_code_is_taken_once",
           SIGNING + "TestTwoFactors::test_an_older_code_than_the_last_is_refused"],
    "H5": [SIGNING + "TestSessions::test_a_blocked_user_is_out_at_the_next_request",
           SIGNING + "TestSessions::test_a_role_that_was_taken_closes_its_door_at_the_next_request"],
    "H6": [SIGNING + "TestSessions::test_an_idle_old_or_revoked_session_opens_nothing"],
    "H7": [SIGNING + "TestSilence::test_odd_passwords_are_just_wrong"],
    "H9": ["api/test_keys.py::TestKey::test_begins_as_scanners_know_it_and_is_kept_as_a_hash_alone"],
    "H11": [ROUTES + "TestAnotherRole::test_h11_opens_no_address_that_is_not_for_it"],
    "I1": [SILENCE], "I2": [SILENCE],
    "I3": ["rules/test_content.py::TestFourteenDayLetter::test_any_other_wording_is_refused"],
    "I4": ["rules/test_interest_second_implementation.py::"
           "test_agreed_interest_is_the_slow_ones_to_the_cent"],
    "I5": ["communication/test_print_batches.py::"
           "TestLastMoment::test_i2_i5_what_changes_while_the_printer_counts_is_not_printed"],
    "I6": ["portal/test_retention.py::TestPerson::test_what_must_be_kept_is_refused_with_its_article"],
    "I7": [ERASING + "TestBooksStayTrue::test_the_proof_is_green_and_the_chain_of_the_audit_holds"],
    "I8": [ERASING + "TestNothingYoung::test_goes_into_a_list_whatever_was_closed_when"],
    "I9": ["privacy/test_person_copy.py::TestTheCopy::test_holds_nobody_else_and_no_price"],
    "I11": ["kernel/test_inbox_and_audit.py::"
            "TestAuditChain::test_what_a_superuser_changes_is_found_with_its_place"],
    "I13": ["intake/test_checks.py::TestHealthWords::test_i13_are_warned_about_in_four_languages"],
    "I15": ["portal/test_person.py::TestPerson::test_shows_every_creditor_with_its_total_and_no_namesake"],
    "C15": ["portal/test_schedule.py::test_three_days_of_standstill_are_made_up_for_once_and_not_by_the_hour",
            "treatment/test_planner_any_order.py::TestStandstill::"
            "test_three_days_down_are_spread_over_hours_too_and_each_claim_gets_one_step"],
    "G18": [ROUTES + "TestPages::test_g18_i16_what_people_wrote_is_text_on_every_page_and_in_no_log"],
    "I16": [ROUTES + "TestPages::test_g18_i16_what_people_wrote_is_text_on_every_page_and_in_no_log"],
    "D3": [AGAIN + "TestFull::test_a_pool_that_stays_full_is_told_after_a_while",
           AGAIN + "TestFull::test_nobody_waits_for_a_turn_without_an_end"],
    "D8": [AGAIN + "test_it_is_done_again_with_the_same_form_and_kept_once",
           AGAIN + "test_two_that_wait_for_each_other_both_end_well"],
    "D11": ["payments/test_interleavings.py::test_withdrawal_and_payment"],
    "D14": [AGAIN + "test_what_takes_too_long_is_ended_and_told",
            AGAIN + "test_no_session_waits_without_an_end"],
    "F6": ["rules/test_brand.py::test_a_fault_names_its_field",
           "rules/test_brand.py::test_names_of_europe_are_ordinary"],
}  # fmt: skip
OPEN = {
    "D15": "no migration runs under load in a test",
    "D17": "there is no earlier release yet",
    "D22": "a full disk is not made",
    "D23": "a restore is not rehearsed",
    "D24": "there is one database and no replica to read",
    "G8": "jobs take their creditor from their arguments; that none starts without one is not tested",
    "G9": "nothing is cached by address; the keys of limits are not listed",
    "G20": "statements are bound; no fuzzing of sorting and search is kept as a test",
    "G24": "no address that a creditor chooses is called yet",
    "G25": "sizes are bounded by the body limit; the time of the largest allowed is a bench",
    "G26": "no expression is timed",
    "G27": "unknown fields are refused; a name twice in one body is not tested",
    "H4": "there are no passkeys yet",
    "H8": "there are no invitations by link: an administrator hands over the first password",
    "H10": "nobody can act as somebody else",
    "H12": "reads of a person are not counted against a usual rate",
    "H13": "text messages leave for claims only; no cap in money a day",
    "I10": "who saw a person is in the audit; no drill is kept",
    "I12": "the head of the chain is not yet kept outside the house",
    "I14": "a creditor's own export is not read back elsewhere",
}


def test_every_case_is_held_or_said_to_be_open():
    catalogue = {f"{letter}{number}" for letter, last in CATALOGUE.items() for number in range(1, last + 1)}
    assert HELD.keys() | OPEN.keys() == catalogue
    assert HELD.keys() & OPEN.keys() == set(), "what is held is open no more"


@pytest.mark.parametrize("case", HELD)
def test_what_holds_a_case_is_there(case):
    assert HELD[case]
    for named in HELD[case]:
        file, *path = named.split("::")
        nodes = ast.parse((TESTS / file).read_text()).body
        for name in path:
            [found] = [node for node in nodes if getattr(node, "name", None) == name] or [None]
            assert found is not None, f"{case}: {named}"
            nodes = found.body
