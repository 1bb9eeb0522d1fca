"""Lines of an export: odd bytes, odd lengths, any offset."""

import io
import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spiders.edge import Refusal
from spiders.ndjson import DEPTH_LIMIT, LINE_LIMIT, Line, decode, lines


def read(content: bytes, offset: int = 0, first_line: int = 1) -> list[Line]:
    return list(lines(io.BytesIO(content), offset, first_line))


def held(content: bytes) -> list[Any]:
    return [line.record for line in read(content)]


def test_lines_have_numbers_and_ends() -> None:
    content = b'{"a":1}\r\n\n  \n{"a":2}\n{"a":3}'
    assert read(content) == [Line(1, 9, {"a": 1}), Line(4, 21, {"a": 2}), Line(5, 28, {"a": 3})]


@given(st.lists(st.sampled_from([b'{"a":1}', b"", b"  ", b"x", b"[]", "水".encode()]), max_size=12), st.data())
def test_resuming_anywhere_reads_the_rest(rows: list[bytes], data: st.DataObject) -> None:
    content = b"\n".join(rows)
    whole = read(content)
    if whole:
        at = data.draw(st.integers(0, len(whole) - 1))
        assert read(content, whole[at].end, whole[at].number + 1) == whole[at + 1 :]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b"x", "not_json"),
        (b'{"a":1} {"a":2}', "not_json"),
        (b'{"a":NaN}', "not_json"),
        (b'{"a":-Infinity}', "not_json"),
        (b'{"a":1e999}', "not_json"),
        (b'{"a":"\0"}', "not_json"),
        (b"\0\0\0", "not_json"),
        (b'{"a":' + b"9" * 5000 + b"}", "not_json"),
        (b"[1]", "not_an_object"),
        (b'"bad_time"', "not_an_object"),
        (b"null", "not_an_object"),
        (b'{"a":"\xff"}', "bad_encoding"),
        (b'{"a":"\xed\xa0\x80"}', "bad_encoding"),
        (b'{"a":' * 100_000, "too_deep"),
        (b"[" * DEPTH_LIMIT + b"[]" + b"]" * DEPTH_LIMIT, "too_deep"),
    ],
)
def test_a_line_that_cannot_be_read_is_a_fault_of_its_own(line: bytes, fault: str) -> None:
    assert held(b'{"a":1}\n' + line + b'\n{"a":2}\n') == [{"a": 1}, fault, {"a": 2}]


def test_nesting_up_to_the_limit_is_read() -> None:
    nested = '{"a":' * DEPTH_LIMIT + "1" + "}" * DEPTH_LIMIT
    assert held(nested.encode()) == [json.loads(nested)]


def test_big_whole_numbers_are_exact() -> None:
    assert held(b'{"id":5101234567890123}') == [{"id": 5101234567890123}]


def test_nul_and_lone_surrogates_are_taken_out_of_texts_and_names() -> None:
    assert held(b'{"a\\ud800":["x\\u0000y\\udfff","\\ud83d\\ude00"]}') == [{"a": ["xy", "\U0001f600"]}]


def test_a_byte_order_mark_belongs_to_the_first_line_only() -> None:
    assert held(b'\xef\xbb\xbf{"a":1}\n\xef\xbb\xbf{"a":2}') == [{"a": 1}, "not_json"]
    assert held(b"\xef\xbb\xbf\n") == []


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_line_may_have_a_mebibyte(end: bytes) -> None:
    fits = b'{"a":"' + b"x" * (LINE_LIMIT - 8) + b'"}'
    content = fits + end + b"y" + fits + end + b'{"a":2}'
    found = read(content)
    assert [line.number for line in found] == [1, 2, 3]
    assert [line.record if line.number > 1 else "" for line in found] == ["", "too_long", {"a": 2}]
    assert found[1].end == content.rindex(b"{")


def test_an_endless_line_is_skipped_in_flat_memory() -> None:
    stream = io.BytesIO(b"x" * (40 * LINE_LIMIT) + b'\n{"a":1}')
    tracemalloc.start()
    found = list(lines(stream))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [line.record for line in found] == ["too_long", {"a": 1}]
    assert peak < 8 * LINE_LIMIT


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16"])
def test_a_file_in_another_encoding_says_so_once(encoding: str) -> None:
    content = '{"text":"今夜停水"}\n{"text":"明早恢复"}\n'.encode(encoding)
    assert read(content) == [Line(1, len(content), "bad_encoding")]
    assert read(content, len(content), 2) == []


def test_a_spoilt_line_in_a_sound_file_spoils_no_other() -> None:
    content = '{"a":"今夜停水"}\n'.encode() + '{"a":"明早恢复供水"}\n'.encode("gb18030") + '{"a":"恢复"}\n'.encode()
    assert held(content) == [{"a": "今夜停水"}, "bad_encoding", {"a": "恢复"}]


@given(st.binary(max_size=300))
def test_any_bytes_are_read_to_the_end(content: bytes) -> None:
    found = read(content)
    assert all(isinstance(line.record, str | dict) for line in found)
    assert [line.end for line in found] == sorted(line.end for line in found)


def test_a_refusal_holds_nothing_of_the_document() -> None:
    with pytest.raises(Refusal) as refusal:
        decode('{"text":"田小禾'.encode()[:-1])
    assert "田" not in repr(refusal.value)
    assert refusal.value.__cause__ is None
    assert refusal.value.__suppress_context__
