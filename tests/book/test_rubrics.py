"""The rubrics of the capstone name the limits that the checkers hold. (Points and titles: the rule `rubric`.)"""
import chapters
import pytest

from companion.capstone import clothing, house_prices

LIMITS = [
    ("house_prices", "The middle price is close", f"at most {house_prices.ERROR} %"),
    ("house_prices", "The interval holds four prices in five", "{} to {} %".format(*house_prices.COVERAGE)),
    ("house_prices", "The interval is no wider than it must be", f"at most {house_prices.PINBALL:.2f}"),
    ("house_prices", "Gaps and unknown places do no harm", f"{house_prices.SURVIVE} %"),
    ("house_prices", "A better or larger house is worth more", f"at least {house_prices.MORE} %"),
    ("house_prices", "You knew it before", f"within {house_prices.NEAR} %"),
    ("clothing", "It knows the clothes of the catalog", f"at least {100 * clothing.RIGHT:.0f} %"),
    ("clothing", "It knows them in a customer's photo", f"at least {100 * clothing.RIGHT_SNAPSHOTS:.0f} %"),
    ("clothing", "Its confidence can be taken at its word", f"at most {clothing.CALIBRATION:.2f}"),
    ("clothing", "It doubts what is no garment", f"at least {clothing.SEPARATION:.2f}"),
    ("clothing", "You knew it before", f"at most {clothing.NEAR}"),
]


@pytest.mark.parametrize(("name", "title", "limit"), LIMITS)
def test_the_rubric_names_the_limit(name, title, limit):
    cells = chapters.read(chapters.path_of(f"capstone/{name}")).cells
    lines = "\n".join(cell.source for cell in cells if "## Rubric" in cell.source).splitlines()
    (row,) = [line for line in lines if line.startswith(f"| {title} |")]
    assert limit in row
