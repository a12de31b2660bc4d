"""The page as a reader uses it, in a real browser: finding a reject, reading why, and staying safe from what it says."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from synthgen.completion import Rejection
from synthgen.report.page import write_report
from tests.synthgen.report.runs import Entry, completion, ordinary, refuted, write_run
from verifier.verdict import Check, Reason

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
CHROMEDRIVER = shutil.which("chromedriver")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None or CHROMEDRIVER is None,
        reason="chromium and chromedriver are not on PATH; install them: apt-get install chromium chromium-driver",
    ),
]

OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,900",
)
PATIENCE_S = 30
BREAKOUT = "</script><script>document.title='owned'</script>"
MARKUP = "<img src=x onerror=\"document.title='owned'\"><svg onload=\"document.title='owned'\">"
UNSEEN = "if access == 'user\u202e\u2066': # ok\u2069\x00\x1b[31m\u200b\r\n"
RAW = BREAKOUT + MARKUP + UNSEEN
ORDINARY = 150


def hostile(index: int) -> Entry:
    """Markup in every field of a sample that can hold it; index ORDINARY has it in its name as well."""
    row = {
        "task_id": f"hostile/{BREAKOUT}" if index == ORDINARY else f"hostile/{index}",
        "prompt": RAW,
        "entry_point": "f",
        "solution": f"def f():\n    return '''{RAW}'''\n" + "x = " + "1" * 100_000,
        "tests": f"# {RAW}\nassert f() == 1",
        "contracts": {"pre": [RAW], "post": [RAW], "raises": []},
        "reference": RAW,
    }
    verdict = refuted(
        index, check=Check.EXAMPLES, reason=Reason.SOLUTION_RAISED, detail=RAW, counterexample=f"f({RAW!r})"
    )
    return completion(index, text=json.dumps(row), fault=MARKUP, topic=BREAKOUT), verdict


def unparsable(index: int) -> Entry:
    """A completion of one line of a million characters that is no sample."""
    rejection = Rejection(stage="parse", reason=Reason.UNPARSABLE, detail="the text is not JSON")
    return completion(index, text="é" * 900_000 + BREAKOUT), rejection


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a report over ordinary samples, two hostile ones and an unparsable one."""
    entries = [*map(ordinary, range(ORDINARY)), hostile(ORDINARY), hostile(ORDINARY + 1), unparsable(ORDINARY + 2)]
    return write_report(write_run(tmp_path_factory.mktemp("runs") / "a run", entries)).as_uri()


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """One browser for the module, with a profile of its own."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for option in OPTIONS:
        options.add_argument(option)
    options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('profile')}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(CHROMEDRIVER))
    yield driver
    driver.quit()


@pytest.fixture
def browser(chromium: webdriver.Chrome, page: str) -> Iterator[webdriver.Chrome]:
    """The report, freshly opened; whatever a test does, nothing was executed and the console stayed empty."""
    _open(chromium, page)
    yield chromium
    assert chromium.title == "synthgen report: a run"
    assert chromium.get_log("browser") == []  # type: ignore[no-untyped-call]


def _open(driver: webdriver.Chrome, address: str) -> None:
    driver.get("about:blank")
    driver.get(address)
    _wait(driver, lambda: bool(driver.execute_script("return document.documentElement.dataset.ready")))


def _wait(driver: webdriver.Chrome, condition: Callable[[], bool]) -> None:
    WebDriverWait(driver, PATIENCE_S).until(lambda _: condition())


def _one(driver: webdriver.Chrome, selector: str) -> WebElement:
    return driver.find_element(By.CSS_SELECTOR, selector)


def _task(driver: webdriver.Chrome) -> str:
    return _one(driver, "#detail h3").text


def test_a_reject_is_found_by_reason_and_read(browser: webdriver.Chrome) -> None:
    """Choosing a reason lists its samples; the first shows statement, code, tests, failing check and counterexample."""
    _one(browser, '#facet-reason input[value="symbolic_refuted"]').click()
    listed = browser.find_elements(By.CSS_SELECTOR, "#list li")
    assert {item.find_element(By.CSS_SELECTOR, ".badge").text for item in listed} == {"symbolic_refuted"}
    assert _task(browser) == "compositional/13"
    assert _one(browser, "#counterexample .source").text == "window_sums_13(xs=[0], step=1)"
    text = _one(browser, "#detail").text
    for part in (
        "Write `window_sums_13(xs, step=5)`",
        "totals.append(sum(xs[start : start + step]))",
        "def test_length(xs, step):",
        "pre: step >= 1",
        "post: len(__return__) == max(0, len(xs) - step + 1) is false: it returned []",
        "return [sum(window) for window in zip(",
    ):
        assert part in text
    results = [row.text for row in browser.find_elements(By.CSS_SELECTOR, "table.checks tbody tr")]
    assert len(results) == len(Check)
    assert results[-1].startswith("symbolic refuted")
    assert "#reason=symbolic_refuted&task=compositional%2F13" in browser.current_url


def test_counts_on_facets_are_those_of_the_list(browser: webdriver.Chrome) -> None:
    """The number beside a facet's value is the number of samples that choosing it lists."""
    label = _one(browser, '#facet-difficulty label[title="2"]')
    count = label.find_element(By.CSS_SELECTOR, ".count").text
    label.click()
    assert _one(browser, "#match-count").text.startswith(f"{count} of ")
    assert len(browser.find_elements(By.CSS_SELECTOR, "#list li")) == int(count)
    _one(browser, "#clear").click()
    total = _one(browser, "#match-count").text.split(" of ")
    assert total[0] == total[1]


def test_keys_walk_through_the_list(browser: webdriver.Chrome) -> None:
    """j goes to the next sample, k back, and / to the search field, where letters are letters."""
    body = _one(browser, "body")
    first = _task(browser)
    body.send_keys("j")
    second = _task(browser)
    assert second != first
    body.send_keys("j")
    body.send_keys("k")
    assert _task(browser) == second
    body.send_keys("/")
    search = _one(browser, "#search")
    assert browser.switch_to.active_element == search
    search.send_keys("jk")
    assert search.get_attribute("value") == "jk"
    assert _task(browser) == second
    _wait(browser, lambda: _one(browser, "#match-count").text.startswith("0 of "))
    assert "Nothing to show" in _one(browser, "#detail").text


def test_search_reads_code_and_counterexamples(browser: webdriver.Chrome) -> None:
    """A search narrows the list to the samples that hold every word, in any part."""
    _one(browser, "#search").send_keys("WINDOW_SUMS_43 totals")
    _wait(browser, lambda: _one(browser, "#match-count").text.startswith("1 of "))
    assert _task(browser) == "compositional/43"
    _one(browser, "#search").send_keys(Keys.ESCAPE)
    assert "q=WINDOW_SUMS_43" in browser.current_url


def test_an_address_leads_to_one_sample(browser: webdriver.Chrome, page: str) -> None:
    """#task= opens that sample, #reason= that reason, in a fresh page as in an open one; an unknown one is named."""
    _open(browser, f"{page}#task=compositional/33")
    assert _task(browser) == "compositional/33"
    assert _one(browser, "#detail").is_displayed()
    browser.execute_script("location.hash = '#reason=duplicate'")
    _wait(browser, lambda: _task(browser) == "compositional/7")
    assert _one(browser, '#facet-reason input[value="duplicate"]').is_selected()
    browser.execute_script("location.hash = '#outcome=accepted'")
    _wait(browser, lambda: _one(browser, "#detail .badge").text == "tested")
    _open(browser, f"{page}#task=none/1")
    assert "Sample none/1 is not in this page." in _one(browser, "#missing").text


def test_a_bar_of_the_plot_leads_to_its_samples(browser: webdriver.Chrome) -> None:
    """The bars of the reasons are links into the browser."""
    _one(browser, 'figure.plot a[*|href="#reason=property_refuted"]').click()
    _wait(browser, lambda: _one(browser, "#detail .badge").text == "property_refuted")


def test_false_accepts_are_listed_with_links(browser: webdriver.Chrome) -> None:
    """A planted fault that was accepted is named under the faults and opens from there."""
    _one(browser, "#faults .links a").click()
    _wait(browser, lambda: _task(browser) == "compositional/113")
    assert _one(browser, '#outcomes [data-outcome="false_accept"]').get_attribute("aria-pressed") == "true"


def test_hostile_samples_are_only_text(browser: webdriver.Chrome, page: str) -> None:
    """Markup stays text, unseen characters are labelled, nothing leaves its box; the fixture checks that nothing ran."""
    for task_id in (f"hostile/{BREAKOUT}", f"hostile/{ORDINARY + 1}"):
        _open(browser, f"{page}#task={quote(task_id)}")
        assert _task(browser) == task_id
        assert not browser.find_elements(By.CSS_SELECTOR, "#detail img, #detail svg, #detail script, #list img")
        assert MARKUP in _one(browser, "#detail").text
        labels = {label.text for label in browser.find_elements(By.CSS_SELECTOR, "#detail .unseen")}
        assert {"U+202E", "U+2066", "U+2069", "U+0000", "U+001B", "U+200B", "U+000D"} <= labels
        assert browser.execute_script(
            "return document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        )


def test_the_browser_would_run_what_the_page_shows_as_text(chromium: webdriver.Chrome, tmp_path: Path) -> None:
    """The control of the test above: the same markup in a page of its own does run."""
    for name, markup in (("breakout", f"<script>1{BREAKOUT}"), ("handlers", MARKUP)):
        bare = tmp_path / f"{name}.html"
        bare.write_text(f"<!doctype html><title>not yet</title>{markup}", encoding="utf-8")
        chromium.get(bare.as_uri())
        _wait(chromium, lambda: chromium.title == "owned")
    chromium.get_log("browser")  # type: ignore[no-untyped-call]


def test_the_policy_stops_markup_that_would_get_through(chromium: webdriver.Chrome, page: str, tmp_path: Path) -> None:
    """Were something inserted unescaped after all, its scripts and handlers would still not run."""
    text = Path(unquote(urlsplit(page).path)).read_text(encoding="utf-8")
    broken = tmp_path / "broken.html"
    broken.write_text(
        text.replace("</body>", f"<script>document.title='owned'</script>{MARKUP}</body>"), encoding="utf-8"
    )
    _open(chromium, broken.as_uri())
    assert chromium.title == "synthgen report: a run"
    refused = [entry["message"] for entry in chromium.get_log("browser")]  # type: ignore[no-untyped-call]
    assert any("Content Security Policy" in message for message in refused)


def test_a_huge_text_is_cut_until_asked_for(browser: webdriver.Chrome, page: str) -> None:
    """A line of 900,000 characters shows its beginning, and all of it on request, within its box."""
    _open(browser, f"{page}#reason=unparsable")
    length = "return document.querySelector('#detail section:last-child .source').textContent.length"
    assert browser.execute_script(length) == 20_000
    button = _one(browser, "#detail .show-all")
    assert button.text == f"Show all {900_000 + len(BREAKOUT):,} characters"
    button.click()
    assert browser.execute_script(length) == 900_000 + len(BREAKOUT)


@pytest.mark.parametrize("width", [1280, 800])
def test_the_page_fits_the_window(browser: webdriver.Chrome, width: int) -> None:
    """Nothing makes the page scroll sideways."""
    browser.set_window_size(width, 900)
    fits = "return document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    assert browser.execute_script(fits)
    browser.set_window_size(1280, 900)
