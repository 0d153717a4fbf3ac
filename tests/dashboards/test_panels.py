from dashboards.panels import WIDTH, Row, Target, limits, lines, mapped, place


def panel(width: int = 12, height: int = 8):
    return lines("t", [Target("up", "x"), Target("up")], "d", width=width, height=height)


def test_panels_are_placed_from_left_to_right_and_wrap() -> None:
    #  row 1:  [12 x 8][12 x 4]        row 2:  [24 x 3]
    #          [12 x 8]
    placed = place([Row("one", [panel(), panel(height=4), panel()]), Row("two", [panel(WIDTH, 3)])])
    assert [(p["type"], p["gridPos"]["x"], p["gridPos"]["y"]) for p in placed] == [
        ("row", 0, 0),
        ("timeseries", 0, 1),
        ("timeseries", 12, 1),
        ("timeseries", 0, 9),
        ("row", 0, 17),
        ("timeseries", 0, 18),
    ]
    assert [p["id"] for p in placed] == [1, 2, 3, 4, 5, 6]


def test_targets_are_named_by_letters() -> None:
    [_, made] = place([Row("one", [panel()])])
    assert [(t["refId"], t["legendFormat"]) for t in made["targets"]] == [("A", "x"), ("B", "__auto")]


def test_words_stand_for_values() -> None:
    options = mapped({"1": ("yes", "green")})["mappings"][0]["options"]
    assert options == {"1": {"text": "yes", "color": "green", "index": 0}}


def test_limits_are_dashed_by_name() -> None:
    assert [o["matcher"]["options"] for o in limits("lower", "upper")] == ["/ lower$/", "/ upper$/"]
