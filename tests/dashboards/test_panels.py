from dashboards.panels import WIDTH, Row, Target, bars, limits, lines, mapped, opens, place, steps, table


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


def test_several_targets_become_named_columns() -> None:
    for made in (
        table("t", [Target("a", "one"), Target("b", "two")], "d"),
        bars("t", "cell", [Target("a", "one"), Target("b", "two")], "d"),
    ):
        organised = next(t["options"] for t in made.transformations if t["id"] == "organize")
        assert organised["renameByName"] == {"Value #A": "one", "Value #B": "two"}
    alone = next(
        t["options"] for t in table("t", [Target("a", "one")], "d").transformations if t["id"] == "organize"
    )
    assert alone["renameByName"] == {"Value": "one"}


def test_a_limit_is_drawn_only_where_there_is_one() -> None:
    calm, limited = (lines("t", [Target("up")], "d", above=above) for above in (None, steps((1, "red"))))
    assert calm.custom["thresholdsStyle"] == {"mode": "off"}
    assert limited.custom["thresholdsStyle"] == {"mode": "dashed"}
    assert limited.thresholds["steps"] == [{"color": "green", "value": None}, {"color": "red", "value": 1}]


def test_a_link_takes_its_variables_from_the_row() -> None:
    _, [link] = opens("Open", "driftwatch-x", keep=True, model="model")
    assert (
        link["url"]
        == "/d/driftwatch-x?${__url_time_range}&${__all_variables}&var-model=${__data.fields.model:percentencode}"
    )
