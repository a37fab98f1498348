"""The labelled claims are what their README says: enough of every sort, apart, and consistent with their kinds."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from rag import languages
from tests.labelled_claims import FORMS, LABELS, README, SPLITS, read, with_counts

CLAIMS = [claim for split in SPLITS for claim in read(split)]
TOPICS = list(dict.fromkeys(claim.topic for claim in CLAIMS))
ALLOWED = {
    "supported": {"paraphrase", "translation", "transliteration", "conversion", "arithmetic", "comparison"},
    "partly": {"conjunction"},
    "unsupported": {"addition", "world", "citation", "cause", "plan", "rumour", "subject"},
    "contradicted": {
        "subject",
        "role",
        "order",
        "figure",
        "year",
        "place",
        "unit",
        "bound",
        "negation",
        "plan",
        "rumour",
    },
}
# A claim of these kinds has no figure that its passages lack.
TAKES_FIGURES_OVER = {"paraphrase", "translation", "transliteration", "subject"}


def figures(*texts: str) -> set[str]:
    """Return the runs of digits, without what groups them in thousands."""
    return set(re.findall(r"\d+", re.sub(r"(?<=\d)[ ,.\u00a0](?=\d{3}\b)", "", "\n".join(texts))))


def test_there_are_enough_of_every_sort() -> None:
    assert len(CLAIMS) >= 320
    assert sum(claim.is_cross_lingual for claim in CLAIMS) >= len(CLAIMS) / 2
    assert 0.36 <= len(read("final")) / len(CLAIMS) <= 0.44
    for split in SPLITS:
        claims = read(split)
        assert min(Counter(claim.label for claim in claims)[label] for label in LABELS.values()) >= 20
        assert (
            min(Counter(claim.claim.language for claim in claims)[language] for language in FORMS if language != "nn")
            >= 40
        )
        assert {claim.domain for claim in claims} == {claim.domain for claim in CLAIMS}
        assert {passage.form for claim in claims for passage in claim.passages} == set(FORMS)


def test_the_readme_counts_them() -> None:
    readme = README.read_text("utf-8")
    assert with_counts(readme) == readme
    assert f"| claims | {len(read('develop'))} | {len(read('final'))} |" in readme


def test_no_topic_and_no_passage_is_in_both_parts() -> None:
    develop, final = map(read, SPLITS)
    assert not {claim.topic for claim in develop} & {claim.topic for claim in final}
    assert not {text for claim in develop for text in claim.passages} & {
        text for claim in final for text in claim.passages
    }


def test_nothing_stands_twice() -> None:
    ids = Counter(claim.id for claim in CLAIMS)
    texts = Counter(" ".join(re.findall(r"\w+", claim.claim.text.lower())) for claim in CLAIMS)
    assert [name for name, count in (ids + texts).items() if count > 1] == []


@pytest.mark.parametrize("topic", TOPICS)
def test_claims_are_what_they_are_said_to_be(topic: str) -> None:
    claims = [claim for claim in CLAIMS if claim.topic == topic]
    told = figures(*(passage.text for claim in claims for passage in claim.passages))
    for claim in claims:
        assert claim.kind in ALLOWED[claim.label], claim
        cited = figures(*(passage.text for passage in claim.passages))
        assert claim.kind not in TAKES_FIGURES_OVER or figures(claim.claim.text) <= cited, claim
        assert claim.kind != "citation" or figures(claim.claim.text) <= told, claim


@pytest.mark.parametrize("topic", TOPICS)
def test_texts_are_in_the_languages_they_are_said_to_be_in(topic: str) -> None:
    claims = [claim for claim in CLAIMS if claim.topic == topic]
    for text in {text for claim in claims for text in (claim.claim, *claim.passages)}:
        assert languages.detect(text.text, {"en", "no", "ru", "zh"}) == text.language, text


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_has_claims_that_hold_and_claims_that_do_not(topic: str) -> None:
    labels = Counter(claim.label for claim in CLAIMS if claim.topic == topic)
    assert labels["supported"] >= 3
    assert labels["unsupported"] + labels["contradicted"] >= 4
