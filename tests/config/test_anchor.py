from pathlib import Path

from driftwatch.config.anchor import anchored

FOLDER = Path("/etc/driftwatch")


def test_only_paths_of_files_are_anchored() -> None:
    data = {
        "kafka": {"ssl_cafile": "ca.pem", "group_id": "x", "sasl_password": {"file": "p"}},
        "models": [
            {"name": "m", "reference": "m.ref", "predictions": {"topic": "file", "where": {"file": "x"}}}
        ],
        "endpoints": [{"name": "file", "url": {"file": "/run/url"}, "secret": {"env": "X"}}],
        "state": {"directory": "../state", "dead_letters": None},
    }
    assert anchored(data, FOLDER) == {
        "kafka": {
            "ssl_cafile": "/etc/driftwatch/ca.pem",
            "group_id": "x",
            "sasl_password": {"file": "/etc/driftwatch/p"},
        },
        "models": [
            {
                "name": "m",
                "reference": "/etc/driftwatch/m.ref",
                "predictions": {"topic": "file", "where": {"file": "x"}},
            }
        ],
        "endpoints": [{"name": "file", "url": {"file": "/run/url"}, "secret": {"env": "X"}}],
        "state": {"directory": "/etc/driftwatch/../state", "dead_letters": None},
    }


def test_references_in_every_form() -> None:
    forms = {
        "models": [
            {"reference": {"path": "a"}},
            {"reference": [{"path": "b", "version": "v"}, {"learn": "7d"}]},
        ]
    }
    assert anchored(forms, FOLDER)["models"] == [
        {"reference": {"path": "/etc/driftwatch/a"}},
        {"reference": [{"path": "/etc/driftwatch/b", "version": "v"}, {"learn": "7d"}]},
    ]


def test_wrong_data_passes_unchanged() -> None:
    wrong = {"models": 7, "kafka": [], "state": "x", "models2": None}
    assert anchored(wrong, FOLDER) == wrong
