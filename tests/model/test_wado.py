"""WADO URLs, as the Orthanc page that this project grew from prints them."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from dicomsh.model.wado import PLACEHOLDER_RS, PLACEHOLDER_URI, retrieve_uri, rs_url


def test_the_uri_of_an_instance() -> None:
    assert retrieve_uri(PLACEHOLDER_URI, "1.2", "1.2.3", "1.2.3.4") == (
        "http://WADO-SERVER/wado?requestType=WADO&studyUID=1.2&seriesUID=1.2.3&objectUID=1.2.3.4"
    )


def test_a_base_may_have_a_query_of_its_own() -> None:
    url = retrieve_uri("https://pacs/wado?tenant=a", "1", "2", "3")
    assert url.startswith("https://pacs/wado?tenant=a&requestType=WADO&")


def test_the_rs_url_of_an_instance() -> None:
    expected = "http://WADO-SERVER/dicom-web/studies/1.2/series/1.2.3/instances/1.2.3.4"
    assert rs_url(PLACEHOLDER_RS, "1.2", "1.2.3", "1.2.3.4") == expected
    assert rs_url(PLACEHOLDER_RS + "/", "1.2", "1.2.3", "1.2.3.4") == expected


uids = st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(uids, uids, uids)
def test_whatever_a_peer_calls_a_uid_stays_inside_its_part(
    study: str, series: str, instance: str
) -> None:
    query = urlsplit(retrieve_uri(PLACEHOLDER_URI, study, series, instance)).query
    assert parse_qs(query) == {
        "requestType": ["WADO"],
        "studyUID": [study],
        "seriesUID": [series],
        "objectUID": [instance],
    }
    path = urlsplit(rs_url(PLACEHOLDER_RS, study, series, instance)).path
    assert path.count("/") == len("/dicom-web/studies/S/series/S/instances/I".split("/")) - 1


def test_a_uid_that_is_none_cannot_leave_its_part_of_the_path() -> None:
    url = rs_url("http://server/X", "1/../2", "a b", "X")
    assert url == "http://server/X/studies/1%2F..%2F2/series/a%20b/instances/X"
