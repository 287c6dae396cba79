"""Each link between pages leads to a file, and each page leads on to others."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [*ROOT.glob("*.md"), *sorted((ROOT / "docs").glob("*.md"))]


def links(page):
    """Return the files that a page links to."""
    found = re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8"))
    return [page.parent / link for link in found if "://" not in link]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page):
    assert all(link.is_file() for link in links(page))


def test_each_page_is_reached_from_the_readme():
    reached, ahead = set(), [ROOT / "README.md"]
    while ahead:
        page = ahead.pop().resolve()
        if page not in reached:
            reached.add(page)
            ahead += [link for link in links(page) if link.suffix == ".md"]
    assert reached >= set((ROOT / "docs").glob("*.md"))


@pytest.mark.parametrize(
    "page", sorted((ROOT / "docs").glob("*.md")), ids=lambda page: page.name
)
def test_each_page_leads_on(page):
    last = page.read_text(encoding="utf-8").rstrip().rsplit("\n\n", 1)[1]
    assert last.startswith("Next: [")
