"""Who is enrolled: enrolled and erased, grouped, named and merged."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.playground.conftest import Visit
from tests.playground.looking import open_tab, upload

SUBJECTS = {"ada": (1, 2), "ben": (1, 3), "cleo": (4, 5), "dora": (6,)}
"""Whose faces they are, by the seeds that drew them; ada and ben share a face."""


@pytest.fixture
def people(address: str) -> Iterator[httpx.Client]:
    """A collection of a few generated faces."""
    with httpx.Client(base_url=address, timeout=60) as client:
        for face in client.get("/faces?limit=1000").json()["faces"]:
            client.delete(f"/faces/{face['id']}")
        for subject, seeds in SUBJECTS.items():
            for seed in seeds:
                [drawn] = client.post(f"/generate?seed={seed}", headers={"Accept": "application/json"}).json()
                fields = {"embedding": drawn["embedding"], "subject": subject, "collection": "people"}
                client.post("/faces", json=fields).raise_for_status()
        yield client


def subjects(client: httpx.Client) -> list[str]:
    """The subject of every face, sorted."""
    return sorted(face["subject"] for face in client.get("/faces?collection=people&limit=1000").json()["faces"])


def test_the_demo_is_offered_then_a_face_is_enrolled_and_erased(visit: Visit, photographs: list[Path]) -> None:
    for face in visit.client.get("/faces?limit=1000").json()["faces"]:
        visit.client.delete(f"/faces/{face['id']}")
    page = visit.open()
    open_tab(page, "gallery")
    expect(page.locator("#nobody")).to_contain_text("Nobody is enrolled yet")
    open_tab(page, "search")
    page.get_by_role("button", name="Fill the demo collection").click()
    expect(page.locator("#results li")).to_have_count(16)
    open_tab(page, "gallery")
    expect(page.locator("#enrolled .person")).to_have_count(12)
    expect(page.get_by_role("button", name="demo: 48 faces of 16 subjects")).to_be_visible()
    expect(page.locator("#nobody")).to_be_hidden()
    page.get_by_role("button", name="Show more", exact=True).click()
    expect(page.locator("#enrolled .person")).to_have_count(24)
    upload(page, "first", photographs[0])
    page.locator("#enrol-subject").fill("Ada <b>& co")
    page.locator("#enrol-collection").fill("mine")
    page.keyboard.press("Enter")
    person = page.locator("#enrolled .person")
    expect(person).to_have_count(1)
    expect(person).to_contain_text("Ada <b>& co")
    expect(person.locator("img")).to_have_count(0)
    person.get_by_role("button", name="Erase").click()
    assert Axe().run(page).violations_count == 0
    page.locator("#ask").get_by_role("button", name="Cancel").click()
    expect(person).to_have_count(1)
    person.get_by_role("button", name="Erase").click()
    page.locator("#ask-yes").click()
    expect(page.get_by_role("button", name="mine:")).to_have_count(0)
    assert visit.client.get("/faces?collection=mine").json()["faces"] == []


@pytest.mark.usefixtures("people")
def test_an_enrolled_face_becomes_one_of_the_two(visit: Visit) -> None:
    page = visit.open()
    open_tab(page, "gallery")
    page.get_by_role("button", name="Use this face of dora as the first").click()
    expect(page.locator("#first .note")).to_have_text("dora, as enrolled")
    open_tab(page, "search")
    best = page.locator("#results li").first
    expect(best).to_contain_text("dora")
    expect(best.locator(".likeness")).to_have_text("1.00")
    best.locator("button").click()
    expect(page.locator("#second .note")).to_have_text("dora, as enrolled")
    expect(page.locator("#part-identity .alike")).to_have_text("similarity 1.00")


def test_groups_are_looked_through_merged_and_named(visit: Visit, people: httpx.Client) -> None:
    page = visit.open()
    open_tab(page, "gallery")
    page.locator("#group").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#grouped")).to_contain_text(re.compile("^[0-9]+ groups?; "))
    groups = page.locator("#groups .group")
    shared = groups.filter(has_text="ada, ben")
    expect(shared).to_have_count(1)
    assert Axe().run(page).violations_count == 0
    field = shared.locator("input:not([type])")
    field.fill("Ada B.")
    field.press("Enter")
    expect(groups.filter(has_text="faces: Ada B.")).to_have_count(1)
    expect(page.locator("#status")).to_contain_text("faces are of Ada B. now.")
    assert subjects(people).count("Ada B.") == size_of(groups.filter(has_text="faces: Ada B.")) >= 2


def size_of(group: Locator) -> int:
    """How many faces a group on the page has."""
    found = re.search(r"(\d+) faces", group.inner_text())
    assert found is not None
    return int(found[1])


def merge(page: Page, one: str, other: str) -> None:
    page.locator("#merge-from").fill(one)
    page.locator("#merge-into").fill(other)
    page.keyboard.press("Enter")


def test_chosen_groups_become_one(visit: Visit, people: httpx.Client) -> None:
    # Each face twice, so that there are at least two groups whatever the model takes for alike.
    for face in people.get("/faces?collection=people&limit=1000").json()["faces"]:
        twin = {"embedding": face["embedding"], "subject": face["subject"], "collection": "people"}
        people.post("/faces", json=twin).raise_for_status()
    page = visit.open()
    open_tab(page, "gallery")
    page.locator("#group").click()
    groups = page.locator("#groups .group")
    expect(groups.nth(1)).to_be_visible()
    before = groups.count()
    expect(page.locator("#merge-groups")).to_be_hidden()
    sizes = [size_of(groups.nth(place)) for place in (0, 1)]
    for place in (0, 1):
        groups.nth(place).locator("[type=checkbox]").check()
    page.locator("#merge-groups").click()
    expect(groups).to_have_count(before - 1)
    expect(groups.first).to_contain_text(f"{sum(sizes)} faces")
    groups.first.locator("input:not([type])").fill("one person")
    groups.first.get_by_role("button", name="Name").click()
    expect(groups.first).to_contain_text("faces: one person")
    assert subjects(people).count("one person") == sum(sizes)


def test_two_subjects_become_one_after_a_question(visit: Visit, people: httpx.Client) -> None:
    page = visit.open()
    open_tab(page, "gallery")
    merge(page, "ben", "ada")
    page.locator("#ask").get_by_role("button", name="Cancel").click()
    assert subjects(people) == ["ada", "ada", "ben", "ben", "cleo", "cleo", "dora"]
    merge(page, "ben", "nobody")
    expect(page.locator("#gallery-problem")).to_have_text("The collection people has no subject nobody.")
    merge(page, "ben", "ada")
    expect(page.locator("#ask")).to_be_visible()
    expect(page.locator("#ask-text")).to_contain_text("2 faces of ben")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#status")).to_have_text("ben is ada now.")
    assert subjects(people) == ["ada", "ada", "ada", "ada", "cleo", "cleo", "dora"]
