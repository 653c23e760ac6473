"""The table of soundness mutants is about the package as it is."""

from tests.mutants import EQUIVALENT, ROOT, TABLE


def test_each_mutant_changes_one_place():
    for mutant in TABLE:
        text = (ROOT / "bifurc" / mutant.file).read_text(encoding="utf-8")
        assert text.count(mutant.old) == 1, str(mutant)


def test_equivalent_mutants_are_in_the_table():
    assert set(EQUIVALENT) <= {(m.file, m.old, m.new) for m in TABLE}
