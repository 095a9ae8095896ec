"""What docs/instructors.md shows works as it stands there."""

import re
import shlex
from pathlib import Path

import pytest

from grading.__main__ import main
from tests import ROOT

GUIDE = (ROOT / "docs" / "instructors.md").read_text(encoding="utf-8")
pytestmark = pytest.mark.usefixtures("forget_private_exercises")


@pytest.fixture
def quiz(tmp_path) -> Path:
    """The exercise of the guide, in the file that its commands name."""
    [text] = [block for block in re.findall(r"```python\n(.*?)```", GUIDE, re.S) if "90.1" in block]
    path = tmp_path / "exams" / "quiz.py"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    return path


def test_the_exercise_of_the_guide_is_ready(quiz, capsys):
    assert main(["review", str(quiz)]) == 0
    assert "ready, 3 mistakes" in capsys.readouterr().out


def test_every_assign_command_of_the_guide_works(quiz, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    commands = re.findall(r'^make assign ARGS="(.+)"$', GUIDE, re.M)
    assert len(commands) == 2
    for command in commands:
        assert main(["assign", *shlex.split(command)]) == 0
    assert (tmp_path / "assignments" / "week3" / "week3.zip").exists()
    assert (tmp_path / "assignments" / "exam" / "exam.ipynb").exists()


def test_the_options_and_files_that_the_guide_names_exist():
    for path in re.findall(r"`((?:grading|course_utils|tests)/[\w/.]+)`", GUIDE):
        assert (ROOT / path).exists(), path
    paths = [*(ROOT / "grading").rglob("*.py"), *(ROOT / "tools").glob("*.py")]
    code = "".join(path.read_text(encoding="utf-8") for path in paths)
    for option in set(re.findall(r"`?(--[a-z]+)", GUIDE)) - {"--nthreads"}:
        assert f'"{option}"' in code, option


def test_folders_that_hold_exams_answers_and_marks_are_not_published():
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    for folder in ("exams/", "assignments/", "marks/"):
        assert folder in GUIDE and folder in ignored, folder


def test_its_links_lead_somewhere():
    headings = re.findall(r"^#+ (.+)$", GUIDE, re.M)
    anchors = {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in headings}
    for anchor in re.findall(r"\]\(#([\w-]+)\)", GUIDE):
        assert anchor in anchors


BOTH_TABLES = [
    "test_lms_marks::test_of_canvas_s_gradebook_only_cells_of_marks_change",
    "test_lms_marks::test_of_moodle_s_worksheet_only_cells_of_marks_change",
]
# The same for "Into Canvas or Moodle, and back".
INTO_CANVAS_OR_MOODLE = {
    "The list is what Canvas gives": [
        "test_roster::test_canvas_s_gradebook_is_a_list_of_the_class",
        "test_roster::test_moodle_s_worksheet_is_a_list_of_the_class",
        "test_roster::test_one_s_own_list_in_whatever_way_a_spreadsheet_saved_it",
    ],
    "Commas, semicolons or tabs": [
        "test_roster::test_one_s_own_list_in_whatever_way_a_spreadsheet_saved_it"
    ],
    "Later runs read the last list again.": [
        "test_lms_marks::test_a_later_run_reads_the_list_again",
        "test_grade_command::test_marks_come_back_in_canvas_s_gradebook_also_of_later_runs",
    ],
    "`marks.csv` then has names": [
        "test_lms_marks::test_the_table_of_marks_has_names_and_rows_for_all",
        "test_lms_marks::test_names_and_those_who_are_missing_stand_on_the_pages",
    ],
    "Files that no system has named": [
        "test_roster::test_files_may_be_called_by_id_address_or_name"
    ],
    "What belongs to nobody on the list": [
        "test_roster::test_a_number_alone_is_nobody",
        "test_roster::test_two_of_one_name_are_not_taken_for_each_other",
        "test_roster::test_what_is_nobody_s_and_what_is_there_twice_is_told",
    ],
    "Only cells for marks of this assignment": [
        *BOTH_TABLES,
        "test_lms_marks::test_pages_have_the_folder_names_that_moodle_takes_back",
        "test_lms_marks::test_semicolons_and_a_byte_order_mark_come_back",
        "test_class_of_fifteen::test_the_marks_of_a_class_come_back_in_the_system_s_own_table",
    ],
    "What somebody wrote into such a cell": [
        *BOTH_TABLES,
        "test_lms_marks::test_a_mark_that_was_written_from_here_is_written_anew",
    ],
    "A cell stays blank": ["test_lms_marks::test_what_is_undecided_or_not_there_stays_blank"],
    "In Canvas, the marks go to": [
        "test_lms_marks::test_the_column_is_the_assignment_s_or_the_one_that_is_named"
    ],
    "Marks are not scaled": ["test_lms_marks::test_another_scale_is_told"],
    "This was written from the source code": [],
}

SECOND_RUN = (
    "test_grade_command::"
    "test_a_second_run_with_other_points_and_late_work_changes_nothing_that_was_decided"
)
# How each claim of "What is protected, and what is not" begins -> the tests that would fail if it
# did not hold; none for what is advice or says what is not promised.
PROTECTED = {
    "Students' code runs in a process of its own": ["test_attacks::test_no_secret_is_read"],
    "has no references, no mistakes": [
        "test_attacks::test_the_course_s_answers_are_in_no_file_of_the_sandbox",
        "test_attacks::test_no_secret_is_read",
    ],
    "has no network but an empty one": [
        "test_attacks::test_no_network_is_reached",
        "test_attacks::test_two_processes_can_train_together",
    ],
    "runs one answer": [
        "test_attacks::test_an_answer_cannot_spoil_the_ones_after_it",
        "test_attacks::test_an_answer_cannot_open_the_way_for_the_ones_after_it",
    ],
    "can read Python, its packages": ["test_attacks::test_nothing_is_written_or_left"],
    "has limits on memory": [
        "test_attacks::test_what_is_too_much_is_stopped",
        "test_attacks::test_what_is_endless_is_ended",
        "test_marking::test_limits_are_what_the_course_needs",
    ],
    "may not make the calls of the Linux kernel": [
        "test_marking::test_forbidden_calls_are_refused_and_others_are_not",
        "test_marking::test_the_filter_of_system_calls_is_whole",
    ],
    "It sends back what the answer did": [
        "test_wire::test_any_plain_value_stays",
        "test_wire::test_forged_bytes_are_refused",
    ],
    "Another process, in which no student's code": [
        "test_attacks::test_the_course_s_answers_are_in_no_file_of_the_sandbox"
    ],
    "So a forged message helps only": [
        "test_attacks::test_a_forged_message_is_no_result",
        "test_marking::test_a_forged_message_is_never_more_than_wrong",
    ],
    "**Without bubblewrap** the command refuses": [
        "test_grade_command::test_without_a_sandbox_it_refuses_unless_told_that_submissions_are_trusted"
    ],
    "`--trusted` marks all the same": [
        "test_grade_command::test_without_a_sandbox_it_refuses_unless_told_that_submissions_are_trusted"
    ],
    "The marks say that they were made so": [
        "test_grade_command::test_without_a_sandbox_it_refuses_unless_told_that_submissions_are_trusted",
        "test_running::test_marks_made_without_a_sandbox_do_not_count_as_made_with_one",
    ],
    "Use it for answers you have read": [],
    "**The references of this course are public.**": [],
    "**Answers that are alike are named": [
        "test_alike::test_names_comments_and_layout_do_not_count",
        "test_alike::test_the_course_s_own_solution_is_named",
        "test_alike::test_short_answers_and_what_was_handed_out_are_left_alone",
        "test_alike::test_right_answers_that_were_written_apart_are_not_alike",
        "test_alike::test_the_page_of_the_class_says_it_as_a_fact",
        "test_reports::test_details_hold_everything",
    ],
    "Some facts say that something did *not* happen": [
        "test_attacks::test_no_mark_is_gained_that_was_not_earned",
        "test_marking::test_of_what_a_student_wrote_a_reason_has_names_only_and_cut_short",
    ],
    "What an answer keeps from one call to the next": [
        "test_screening::test_what_is_kept_from_call_to_call_is_left_to_a_person",
        "test_screening::test_what_each_call_makes_for_itself_is_not_left_to_a_person",
        "test_attacks::test_no_mark_is_gained_that_was_not_earned",
    ],
    "Where something is to be done by hand": [
        "test_by_hand::test_ways_round_are_refused",
        "test_attacks::test_what_is_to_be_done_by_hand_is_not_done_otherwise",
        "test_review::test_who_is_told_to_do_something_by_hand_is_checked",
    ],
    "This was measured": [
        "test_justice::test_at_most_two_in_a_hundred_right_answers_go_to_a_person",
        "test_attacks::test_the_attacks_are_as_many_as_the_guide_says",
        "test_instructor_guide::test_the_guide_counts_what_there_is",
    ],
    "More attacks were written by others": [
        "test_attacks::test_no_mark_is_gained_that_was_not_earned"
    ],
    "What is marked right afterwards": [],
    "Some change an argument": [
        "test_marking::test_what_is_changed_and_put_back_counts_as_not_changed"
    ],
    "Some work out a derivative": [],
    "On several ranks, some": [],
    "Where a question says by which way": [
        "test_attacks::test_what_is_to_be_done_by_hand_is_not_done_otherwise",
        "test_promised::test_a_loss_that_stands_still",
    ],
    "**An answer that passes is right": [],
    "Reading code finds": [],
    "And an honest answer with": [],
    "Hidden cases are made from a secret number": [
        "test_attacks::test_no_secret_is_read",
        "test_kept_files::test_a_result_that_was_kept_is_read_and_written_without_what_it_printed",
    ],
    "Of a file with your own exercises": [
        "test_grade_command::test_an_exercise_from_outside_the_course_is_marked_and_its_answers_stay_hidden",
        "test_kept_files::test_a_private_file_that_cannot_be_kept_from_students_is_refused",
    ],
    "The files for that process lie in a temporary folder": [
        "test_temporary_folders::test_what_a_killed_process_left_is_removed_and_what_is_in_use_is_not",
        "test_temporary_folders::test_a_folder_is_removed_when_it_is_no_longer_used",
    ],
    "A fault in the Linux kernel": [],
    "Seeds are kept in the folder of marks": [
        "test_running::test_the_seed_stays_and_is_hidden_and_new_when_asked_for"
    ],
}


# The same for "What you decide yourself".
DECIDED = {
    "`marks/week3/overrides.csv` is yours": [],
    "The first run puts it there": [
        "test_decisions::test_the_table_is_made_once_and_never_written_again",
        SECOND_RUN,
    ],
    "A line decides the points of one exercise": [
        "test_decisions::test_points_and_comments_of_a_person_take_the_place_of_the_grader_s"
    ],
    "Write student and exercise as they stand": [
        "test_decisions::test_points_and_comments_of_a_person_take_the_place_of_the_grader_s",
        "test_decisions::test_a_line_that_cannot_be_meant_is_told_in_words",
    ],
    "Commas, semicolons or tabs": [
        "test_decisions::test_the_table_is_read_as_any_spreadsheet_writes_it"
    ],
    "The student's page shows your points": [
        "test_decisions::test_tables_and_pages_show_what_was_decided"
    ],
    "A decision stays when the student hands in again": [
        SECOND_RUN,
        "test_decisions::test_why_a_mark_is_not_what_it_was",
    ],
    "A line that cannot be right is told": [
        SECOND_RUN,
        "test_decisions::test_a_line_that_cannot_be_meant_is_told_in_words",
        "test_decisions::test_a_line_for_nobody_is_told_and_the_others_count",
    ],
    "**Points for a part.** With": [
        "test_marking::test_points_for_a_part_of_the_cases_are_given_where_they_are_asked_for"
    ],
    "The notebook and the pages say so": ["test_decisions::test_partial_credit_is_said"],
    "Think about it first": [],
    "In any case the column `cases`": ["test_decisions::test_partial_credit_is_said"],
    "**Late.** The column `late` says": [SECOND_RUN],
    "Canvas says it in the names": ["test_lateness::test_systems_say_when_something_was_handed_in"],
    "nbgrader says when each submission came": [
        "test_lateness::test_systems_say_when_something_was_handed_in",
        "test_lateness::test_what_a_system_says_comes_before_what_is_concluded",
    ],
    "Otherwise it is late if it is new": [
        "test_lateness::test_what_a_run_after_the_deadline_did_not_find_is_late"
    ],
    "The times of files are not looked at": [
        "test_lateness::test_what_a_run_after_the_deadline_did_not_find_is_late"
    ],
    "**Marked again.** `--regrade": [
        "test_running::test_one_student_or_exercise_is_marked_again_on_the_same_cases_or_new_ones"
    ],
    "With `--again` beside it": [
        "test_running::test_one_student_or_exercise_is_marked_again_on_the_same_cases_or_new_ones"
    ],
    "When a file with your own exercises": [
        "test_running::test_any_file_that_decides_marks_and_no_other_has_them_made_again",
        "test_running::test_a_lesson_that_changed_has_its_own_exercises_marked_again",
    ],
    "**What changed.** Each run says": [
        SECOND_RUN,
        "test_decisions::test_the_history_grows_and_what_was_added_to_it_stays",
    ],
    "What you write into that table stays": [
        "test_decisions::test_the_history_grows_and_what_was_added_to_it_stays"
    ],
}


def claims(section: str) -> list[str]:
    """The points of the lists in a section, whole, and the sentences of its paragraphs."""
    found = []
    for block in re.split(r"\n\n|\n(?=- )", GUIDE.split(f"\n## {section}")[1].split("\n## ")[0]):
        text = " ".join(block.split())
        if text.startswith("- "):
            found.append(text[2:])
        elif not text.endswith(":") and not text.startswith(("| ", "```")):
            found += re.split(r"(?<=[.]) (?=[A-Z`*]|nbgrader says)", text)
    return [text for text in found if text not in ("", "That process")]


@pytest.mark.parametrize(
    ("section", "known"),
    [
        ("What is protected, and what is not", PROTECTED),
        ("Into Canvas or Moodle, and back", INTO_CANVAS_OR_MOODLE),
        ("What you decide yourself", DECIDED),
    ],
)
def test_each_claim_has_its_tests(section, known):
    said = claims(section)
    unknown = [text for text in said if not text.startswith(tuple(known))]
    assert unknown == []
    unsaid = [begins for begins in known if not any(t.startswith(begins) for t in said)]
    assert unsaid == []
    for test in {test for tests in known.values() for test in tests}:
        file, _, name = test.partition("::")
        source = (ROOT / "tests" / "grading" / f"{file}.py").read_text(encoding="utf-8")
        assert f"\ndef {name}(" in source, test


def test_the_guide_counts_what_there_is():
    from tests.grading.hostile_notebooks import UNEARNED
    from tools.bench_justice import right_answers

    right = int(re.search(r"Of (\d+) right answers", GUIDE)[1])
    attacks, kinds = re.search(r"Of (\d+) attacks of (\d+) kinds", GUIDE).groups()
    assert right == len(right_answers())
    assert int(attacks) == sum(map(len, UNEARNED.values()))
    assert int(kinds) == len(UNEARNED)
