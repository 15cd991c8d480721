"""What a lead does, for tests that need it done."""

import re

from playwright.sync_api import Page, expect


def make_queue(lead: Page, *, calls: int) -> str:
    """Three answers; returns the queue's address."""
    lead.goto("/p/demo/queues/new")
    lead.locator("select[name=agent]").select_option(index=1)
    lead.locator("[name=rubric]").first.check()
    lead.get_by_label("Calls", exact=True).fill(str(calls))
    expect(lead.locator("#preview")).to_contain_text("2")
    lead.get_by_role("button", name="Make the queue").click()
    lead.wait_for_url(re.compile(r"/queues/\d+$"))
    return lead.url.removeprefix(lead.url.split("/p/")[0])
