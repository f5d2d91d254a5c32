"""Pages are tested in a browser; where there is none, their tests are not collected."""

from tests.console import browser

collect_ignore_glob = [] if browser.found() else ["test_*.py"]
