"""A topic is known by its identity, from one commit to the next."""

from __future__ import annotations

import pytest

from driftwatch.errors import OffsetsGoneError
from driftwatch.monitor.topics import CountedTopics


def test_the_same_topics_are_met_again_and_stored_once() -> None:
    topics = CountedTopics(None)
    assert topics.unsaved() is None
    topics.meet({})
    assert topics.unsaved() is None, "brokers without identities"
    topics.meet({"t": "1"})
    data = topics.unsaved()
    assert data == topics.unsaved(), "until it is stored"
    topics.saved(data)
    assert topics.unsaved() is None
    again = CountedTopics(data)
    again.meet({"t": "1", "u": "2"})
    assert again.unsaved() not in (None, data)


def test_a_topic_of_the_same_name_is_another_one() -> None:
    topics = CountedTopics(b'{"t":"1","u":"2"}')
    with pytest.raises(OffsetsGoneError, match=r"made anew since it was counted: t\. .*state rebuild --all"):
        topics.meet({"t": "9", "u": "2"})
    topics.meet({"u": "2"})
