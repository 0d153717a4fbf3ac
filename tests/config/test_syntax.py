import pytest
import yaml

from driftwatch.config.syntax import Loader, explain


def broken(text: str) -> yaml.YAMLError:
    with pytest.raises(yaml.YAMLError) as caught:
        Loader(text).get_single_node()
    return caught.value


def test_the_line_is_shown_without_secrets() -> None:
    text = "a: 1\nsasl_password: x: y\n"
    told = explain(broken(text), "c.yaml", tuple(text.splitlines()), text)
    assert told.place == "c.yaml:2:17"
    assert told.source.rstrip() == "sasl_password: ***"


def test_what_has_no_words_is_still_told() -> None:
    text = "{a: 1}}"
    told = explain(broken(text), "c.yaml", (text,), text)
    assert told.message.startswith("this is not YAML: ")
    assert (told.line, told.column) == (1, 7)
