from training.evaluation.plots import bars, curves, matrix


def test_bars_stand_over_their_names() -> None:
    axes = bars({"one": {"a": 0.5, "b": 1.0}, "two": {"b": 0.25}}, "share", top=1.0).axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["a", "b"]
    assert axes.get_ylim()[1] == 1.0
    heights = {round(bar.get_x() + bar.get_width() / 2, 3): bar.get_height() for bar in axes.patches}
    assert heights == {-0.2: 0.5, 0.8: 1.0, 1.2: 0.25}


def test_curves_have_their_points() -> None:
    (line,) = curves({"roc": ([0, 0.5, 1], [0, 0.9, 1])}, "x", "y").axes[0].get_lines()
    assert line.get_label() == "roc"
    assert line.get_xydata().tolist() == [[0, 0], [0.5, 0.9], [1, 1]]


def test_a_matrix_writes_its_numbers_where_they_belong() -> None:
    axes = matrix([[0.1, 0.9], [0.4, 0.6]], ["r1", "r2"], ["c1", "c2"], "x", "y").axes[0]
    assert {text.get_position(): text.get_text() for text in axes.texts} == {
        (0, 0): "0.10",
        (1, 0): "0.90",
        (0, 1): "0.40",
        (1, 1): "0.60",
    }
    assert [label.get_text() for label in axes.get_yticklabels()] == ["r1", "r2"]
