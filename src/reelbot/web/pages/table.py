"""Every page in one table. Adding one is a line here and four files of one name; see the README."""

from reelbot.web.pages import dashboard, signing
from reelbot.web.pages.visits import Page

PAGES: tuple[Page, ...] = (
    Page("GET", "/", dashboard.show),
    Page("GET", "/login", signing.show_login, "anyone"),
    Page("POST", "/login", signing.log_in, "anyone", back="/login"),
    Page("GET", "/signup", signing.show_signup, "anyone"),
    Page("POST", "/signup", signing.sign_up, "anyone", back="/signup"),
    Page("GET", "/enter", signing.enter, "anyone"),
    Page("POST", "/logout", signing.log_out, "anyone"),
)
