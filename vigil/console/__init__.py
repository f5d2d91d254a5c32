"""The web page: served on this machine, its API calls signed with the person's own credentials."""
