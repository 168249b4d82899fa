from service.middleware.headers import header


def test_the_first_value_of_a_name_is_found() -> None:
    assert header([(b"a", b"1"), (b"b", b"2"), (b"b", b"3")], b"b") == "2"


def test_a_name_that_is_not_there_has_none() -> None:
    assert header([(b"a", b"1")], b"b") is None


def test_bytes_beyond_ascii_are_read_as_http_has_them() -> None:
    assert header([(b"a", b"caf\xe9")], b"a") == "café"
