"""Whatever is typed, the answer is an answer or one sentence; never a traceback."""

import subprocess
import sys

import pytest
from by_hand import examples, parsers, run
from project import ROOT

#: Values that break a reader of numbers: none, not finite, huge, negative, other digits and signs, options.
AWKWARD = ["", " ", "nan", "inf", "-inf", "1e9", "-1", "−1", "-0.5%", "abc", "0", "0.0", "1", "3.14", "1000000"]
AWKWARD += ["99999999999999999999", "<0.001", ">5", "101", "1.23456789012", "12345678.12345678", "٣", "\x00", "--json"]


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch):
    monkeypatch.chdir(ROOT)


def places():
    """Each example with the place of one value in it."""
    import shlex

    for line in dict.fromkeys(examples()):
        words = shlex.split(line)
        for i in range(1, len(words)):
            if words[i - 1].startswith("--"):
                yield pytest.param(words, i, id=f"{words[0]} {words[1]} {words[i - 1]} #{i}")
    # and every option that no example has
    for name, each in parsers():
        line = (each.epilog or "").strip().splitlines()[-1:]
        for option in each._option_string_actions:
            if line and option not in line[0] and each._option_string_actions[option].nargs is None:
                words = [*shlex.split(line[0])[1:], option, ""]
                yield pytest.param(words, len(words) - 1, id=f"{name} {option}")


@pytest.mark.parametrize(("words", "place"), list(places()))
def test_any_value_at_any_place_gets_an_answer_or_a_sentence(words, place):
    for value in AWKWARD:
        typed = [*words[:place], value, *words[place + 1 :]]
        code, out, err = run(typed)
        if code == 0:
            assert "For the review:" in out or out.startswith("{"), typed
            assert err == "", typed
        else:
            assert code == 2 and out == "", typed
            assert err.count("\n") == 1 and len(err) > 10 and err.rstrip().endswith((".", "?")), (typed, err)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("recover counts --percent 101 --n 71", "101 cannot be a percentage"),
        ("recover counts --percent 50 --n 0", "--n: 0 is not a whole number from 1"),
        ("recover counts --percent 50 --n -7", "--n: -7 is not a whole number from 1"),
        ("recover counts --percent 50 --n 7.5", "--n: '7.5' is no whole number"),
        ("recover counts --percent nan --n 10", "'nan' is no printed number"),
        ("recover counts --percent -inf --n 10", "'-inf' is no printed number"),
        ("recover counts --percent a=50 --percent a=50", "'a' is given twice"),
        ("recover counts --percent 50 --n 10 --n-max 20", "either --n or a range"),
        ("recover counts --percent 50 --n-min 20 --n-max 10", "are they swapped?"),
        ("recover counts --percent a=50 --known b=3", "a count is given for b, but no percentage"),
        ("recover two-by-two --n 20", "at least one measure is needed"),
        ("recover two-by-two --sensitvity 80", "Did you mean '--sensitivity'?"),
        ("recover two-by-to", "Did you mean 'two-by-two'?"),
        ("recover split --a 20 --b 30 --n 100 --lo 3 --hi 2", "are they swapped?"),
        ("recover split --a 20 --b 30 --n 100 --lo 3", "give both --lo and --hi"),
        ("recover split --a 20 --b 30 --n 100 --events 101", "is more than --n"),
        ("which-test --table '12 5; 6' --p 0.05", "row 1 of the table has 2 cells and row 2 has 1"),
        ("which-test --table '12 5; 6 x' --p 0.05", "'x' is no whole number"),
        ("which-test --table '12 5; 6 -1' --p 0.05", "-1 is not a whole number"),
        ("which-test --table '12 5; 6 7' --p 1.05", "must lie between 0 and 1"),
        ("which-test --table '12 5; 6 7' --p 0.05 --named pearsn", "Did you mean 'pearson'?"),
        ("which-test --table '12 5; 6 7' --p 0.05 --alpha 5", "does not lie between 0 and 1"),
        ("which-test --file nowhere.csv --p 0.05", "nowhere.csv cannot be read"),
        ("which-interval --count 11 --n 10 --lo 1 --hi 2", "--count 11 is more than --n 10"),
        ("which-interval --count 8 --n 10 --lo 94 --hi 49", "are they swapped?"),
        ("which-interval --count 8 --n 10 --lo 49 --hi 94 --named Wilso", "Did you mean 'Wilson'?"),
        ("which-interval --lo 49 --hi 94", "--any-n"),
        ("which-icc --icc 0.9 --lo 0.2 --hi 0.5", "does not lie between its limits"),
        ("check odds-ratio --or 2 --lo 3 --hi 1", "swapped"),
        ("check odds-ratio --or 2 --lo 1 --hi 3 --adjusted", "both --n and --events are needed"),
        ("check odds-ratio --or 2 --lo 1 --hi 4 --n 90 --events 30 --adjusted --measured", "only a yes/no factor"),
        ("check hazard-ratio --hr -2 --lo 1 --hi 3", "no number from 0 upward"),
        ("check means --mean 4 --sd 1 --n 10 --scale 5 1", "swapped"),
        ("check means --mean 4 --n 10 --min 5", "give --sd"),
        ("check sums --file nowhere.csv", "nowhere.csv cannot be read"),
        ("certify logistic --n 100 --events 30", "at least one --term"),
        ("certify logistic --n 100 --events 30 --term '2.00 1.90 2.11'", "is not a name with ratio and limits"),
        ("certify logistic --n 100 --events 130 --term 'node 2.00 1.90 2.11'", "fewer events than patients"),
        ("certify logistic --model nowhere.yaml", "nowhere.yaml cannot be read"),
        (
            "recover counts --percent 3.0 --n 99999999999999999999",
            "is too large; whole numbers are taken up to 1,000,000",
        ),
        ("recover counts --percent 3.0 --n 9 --n=10", "--n is given twice"),
        ("check odds-ratio --or 2 --or 3 --lo 1 --hi 4", "--or is given twice"),
        ("which-test --table '12 5; 6 7' --p 0.5 --unordered row", "choice 'row' of --unordered. Did you mean 'rows'?"),
        ("check sums --file ''", "the name of the file is empty"),
        ("certify", "a command is missing: logistic"),
        ("--nope", "no option --nope"),
        ("", "a command is missing"),
    ],
)
def test_what_is_wrong_is_told(line, says):
    code, out, err = run(line)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert says.lower() in err.lower()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("n: 100\nevents: 30\nterms: []\n", "1 to 8 terms"),
        ("n: 100\nevents: 30\ntersm: []\n", "Did you mean 'terms'?"),
        ("n: 100\nterms: []\n", "'events' is missing"),
        ("n: 100\nevents: 30\nterms: [{name: a, odds_ratio: 2.0, lo: 1.5}]\n", "'hi' is missing"),
        ("n: 100\nevents: 30\nterms: [{name: a, odds_ratio: two, lo: 1.5, hi: 3}]\n", "'two' is no printed number"),
        ("n: [100\n", "is no YAML file"),
        ("- a\n", "expected entries"),
        (
            "n: 9\nevents: 3\nterms: [{name: a, odds_ratio: 2.0, lo: 1.5, hi: 3.1}]\nmargins: [{where: {a: 2}}]\n",
            "with 0 or 1",
        ),
    ],
)
def test_a_model_file_that_is_wrong(tmp_path, text, says):
    (tmp_path / "model.yaml").write_text(text)
    code, _, err = run(["certify", "logistic", "--model", str(tmp_path / "model.yaml")])
    assert (code, err.count("\n")) == (2, 1) and says in err


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "needs rows and the column 'name'"),
        ("name,cuont\na,3\n", "Did you mean 'count'?"),
        ("name,count\na,3\na,4\n", "stands there twice"),
        ("name,count\na,3,5\n", "more cells than columns"),
        ("name,count\na,three x\n", "'three x' is no printed number"),
        ("name,count,percent,of\na,3,50,b\n", "needs its whole"),
        ("name,count,total\na,3,b\n", "which is no cell"),
    ],
)
def test_a_table_of_sums_that_is_wrong(tmp_path, text, says):
    (tmp_path / "sums.csv").write_text(text)
    code, _, err = run(["check", "sums", "--file", str(tmp_path / "sums.csv")])
    assert (code, err.count("\n")) == (2, 1) and says in err


def test_a_file_that_is_no_text(tmp_path):
    (tmp_path / "table.csv").write_bytes(b"\xff\xfe\x00")
    code, _, err = run(["which-test", "--file", str(tmp_path / "table.csv"), "--p", "0.05"])
    assert code == 2 and "it is no text in UTF-8" in err


def test_a_reader_that_stops_early_gets_no_traceback():
    line = f"{sys.executable} -m replicalc.cli recover two-by-two --n 300 --sensitivity 81 --json | head -1"
    done = subprocess.run(line, shell=True, capture_output=True, text=True)
    assert done.stdout == "{\n" and done.stderr == ""


def test_the_summary_keeps_its_own_exit_code(tmp_path):
    code, _, err = run(["summary", str(tmp_path / "summary.json")])
    assert code == 1 and "no such file" in err
