"""Take the pictures of the README from a running `make demo` with an empty database (needs Chromium and the dev tools).

Use: .venv/bin/python docs/images/make.py http://127.0.0.1:3978
"""

import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).parent
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
WORDS = "Patient 943 476 5919: the wrong syringe driver was set up, and noticed before use."


def picture(page: Page, name: str) -> None:
    page.wait_for_timeout(700)
    page.screenshot(path=HERE / f"{name}.png")


def report(page: Page) -> None:
    page.get_by_role("button", name="Amina Yusuf").click()
    page.locator("#words").fill("report")
    page.keyboard.press("Enter")
    page.wait_for_timeout(800)
    card = page.locator("article.card").last
    picture(page, "report")
    card.get_by_label("No", exact=True).check()
    card.get_by_label("Near miss", exact=True).check()
    card.get_by_label("What happened?").fill(WORDS)
    card.locator("input[type=date]").fill(page.evaluate("new Date(Date.now() - 864e5).toISOString().slice(0, 10)"))
    card.get_by_label("Community Nursing", exact=True).check()
    card.get_by_role("button", name="Next").click()
    picture(page, "identifier")
    page.get_by_role("button", name="Take it out for me and go on").click()
    page.wait_for_timeout(800)
    page.locator("article.card").last.get_by_label("Yes", exact=True).first.check()
    page.get_by_role("button", name="Next").click()
    page.wait_for_timeout(800)
    picture(page, "check")
    page.get_by_role("button", name="Send the report").click()
    picture(page, "receipt")


def main() -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        phone = browser.new_page(viewport={"width": 390, "height": 844})
        phone.goto(sys.argv[1])
        report(phone)
        desktop = browser.new_page(viewport={"width": 1280, "height": 800})
        desktop.goto(sys.argv[1])
        desktop.get_by_role("button", name="Leah Rosenfeld").click()
        desktop.get_by_role("button", name="Quality").first.click()
        picture(desktop, "quality")
        browser.close()


main()
