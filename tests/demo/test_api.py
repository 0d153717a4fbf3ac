"""The API client shows the token to its own daemon only, and takes an absent daemon for silence."""

from __future__ import annotations

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from driftwatch.demo.api import Api

PATH = "/api/v1/episodes/ep_1/acknowledge"


def api(httpserver: HTTPServer) -> Api:
    return Api(httpserver.url_for("/"), "tok")


def test_an_answer_is_handed_over(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/api/v1/models").respond_with_json({"commit": 3, "models": []})
    assert api(httpserver).get("models") == {"commit": 3, "models": []}


def test_no_answer_a_refusal_and_nonsense_are_nothing(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/api/v1/models").respond_with_data("<html>")
    assert api(httpserver).get("models") is None
    assert api(httpserver).get("alerts") is None
    assert Api("http://127.0.0.1:1", "tok").get("models") is None


def test_an_acknowledgement_carries_token_and_name(httpserver: HTTPServer) -> None:
    got: list[Request] = []

    def answer(request: Request) -> Response:
        got.append(request)
        return Response('{"episode": "ep_1", "outcome": "acknowledged"}', 200)

    httpserver.expect_request(PATH, method="POST").respond_with_handler(answer)
    assert api(httpserver).acknowledge(httpserver.url_for(PATH), "me") == "acknowledged"
    (request,) = got
    assert request.headers["authorization"] == "Bearer tok"
    assert request.json == {"by": "me"}


def test_a_refused_acknowledgement_says_why(httpserver: HTTPServer) -> None:
    httpserver.expect_request(PATH).respond_with_json({"error": "not_requested"}, status=409)
    with pytest.raises(OSError, match=r"409: .*not_requested"):
        api(httpserver).acknowledge(httpserver.url_for(PATH), "me")


def test_the_token_goes_nowhere_else(httpserver: HTTPServer) -> None:
    with pytest.raises(PermissionError, match="is not at"):
        Api(httpserver.url_for("/"), "tok").acknowledge("http://127.0.0.1:1/x", "me")
    with pytest.raises(PermissionError, match="is not at"):
        Api("http://localhost:94", "tok").acknowledge("http://localhost:9464/x", "me")
    assert httpserver.log == []
